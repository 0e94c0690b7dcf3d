import { describe, expect, it } from "vitest";
import { isUpgradeAttempt, judgePlainRequest, type UpgradeRequestHead } from "./hop-by-hop.ts";

function createHead(
  headers: Record<string, string>,
  changes: Partial<UpgradeRequestHead> = {},
): UpgradeRequestHead {
  const rawHeaders = Object.entries({ Host: "example.com", ...headers }).flat();
  return { method: "GET", target: "/", httpVersion: "1.1", rawHeaders, ...changes };
}

const key = { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" };
const upgrade = { upgrade: "WebSocket", connection: "Upgrade" };

describe("plain HTTP on a WebSocket path", () => {
  it.each([
    ["a browser tab", createHead({}), "handshake-not-an-upgrade", 426],
    [
      "a browser tab through an HTTP/1.0 proxy",
      createHead({}, { httpVersion: "1.0" }),
      "handshake-not-an-upgrade",
      426,
    ],
    ["a handshake without Upgrade", createHead(key), "proxy-stripped-upgrade", 426],
    [
      "a handshake without Upgrade through nginx's default proxy_pass",
      createHead({ ...key, connection: "close" }, { httpVersion: "1.0" }),
      "handshake-http-version-too-low",
      426,
    ],
    [
      "a handshake through an HTTP/1.0 proxy that names itself",
      createHead({ ...key, "x-forwarded-for": "10.0.0.1" }, { httpVersion: "1.0" }),
      "proxy-http10-upstream",
      426,
    ],
    [
      "a handshake whose Connection was rewritten",
      createHead({ ...key, upgrade: "websocket", connection: "close" }),
      "handshake-connection-token-missing",
      400,
    ],
    ["an h2c upgrade", createHead({ upgrade: "h2c" }), "handshake-upgrade-not-websocket", 426],
    ["a POST", createHead(key, { method: "POST" }), "handshake-method-not-get", 405],
  ])("%s is %s", (_, head, name, httpStatus) => {
    expect(judgePlainRequest(head)).toMatchObject({ name, httpStatus });
  });

  it("has nothing to say about a request that is an upgrade after all", () => {
    expect(judgePlainRequest(createHead({ ...key, ...upgrade }))).toBeUndefined();
  });

  it("names the methods that the path serves", () => {
    const failure = judgePlainRequest(createHead({}, { method: "PUT" }), { otherMethods: ["POST", "GET"] });
    expect(failure?.evidence).toEqual({ method: "PUT", allow: "GET, POST" });
  });
});

describe("upgrade attempt", () => {
  it.each([
    ["a key without Upgrade", key, true],
    ["Upgrade: websocket without a key", { upgrade: "WebSocket" }, true],
    ["another upgrade", { upgrade: "h2c", connection: "Upgrade" }, false],
    ["plain HTTP", {}, false],
  ])("%s", (_, headers, expected) => {
    expect(isUpgradeAttempt(createHead(headers))).toBe(expected);
  });
});
