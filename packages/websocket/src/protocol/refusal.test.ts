import { describe, expect, it } from "vitest";
import { engineFailures } from "../failures/engine-failures.ts";
import { formatFailureRefusal, formatRefusal, isRefusalStatus, refusalHeaders } from "./refusal.ts";

describe("refusal of a handshake", () => {
  it("names the failure on the first line of the body and the fix on the second", () => {
    expect(formatFailureRefusal(engineFailures.create("handshake-host-missing"))).toBe(
      "HTTP/1.1 400 Bad Request\r\n" +
        "Connection: close\r\n" +
        "Content-Length: 74\r\n" +
        "Content-Type: text/plain; charset=utf-8\r\n" +
        "Cache-Control: no-store\r\n" +
        "\r\n" +
        "handshake-host-missing\n" +
        "Add a Host header.\n" +
        "The request has no Host header.\n",
    );
  });

  it("answers JSON to a client that prefers it", () => {
    expect(formatFailureRefusal(engineFailures.create("handshake-host-missing"), { acceptsJson: true })).toBe(
      "HTTP/1.1 400 Bad Request\r\n" +
        "Connection: close\r\n" +
        "Content-Length: 108\r\n" +
        "Content-Type: application/json\r\n" +
        "Cache-Control: no-store\r\n" +
        "\r\n" +
        '{"failure":"handshake-host-missing","fix":"Add a Host header.","message":"The request has no Host header."}\n',
    );
  });

  it("offers the upgrade with every 426", () => {
    expect(refusalHeaders(engineFailures.create("handshake-not-an-upgrade"))).toEqual([
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade, close"],
      ["Sec-WebSocket-Version", "13"],
    ]);
  });

  it("says when to come back if the server is full, draining, or holds too many connections of one address", () => {
    for (const failure of [
      engineFailures.create("handshake-server-full", { limit: 10, retryAfterSeconds: 7 }),
      engineFailures.create("handshake-server-draining", { retryAfterSeconds: 7 }),
      engineFailures.create("handshake-ip-limit", { limit: 10, retryAfterSeconds: 7 }),
    ]) {
      expect(refusalHeaders(failure)).toEqual([
        ["Connection", "close"],
        ["Retry-After", "7"],
      ]);
    }
  });

  it("names the challenge of a 401", () => {
    const failure = engineFailures.create("handshake-unauthenticated", { challenge: 'Bearer realm="chat"' });
    expect(refusalHeaders(failure)).toContainEqual(["WWW-Authenticate", 'Bearer realm="chat"']);
  });

  it("lets the application choose status, phrase, headers and body", () => {
    const text = formatRefusal({
      status: 402,
      reasonPhrase: "Pay First",
      headers: [
        ["Content-Type", "text/html"],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ],
      body: "<p>é€𝄞",
    });
    expect(text).toBe(
      "HTTP/1.1 402 Pay First\r\nConnection: close\r\nContent-Length: 12\r\nCache-Control: no-store\r\n" +
        "Content-Type: text/html\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n<p>é€𝄞",
    );
  });

  it("leaves the body out of the answer to HEAD but declares its length", () => {
    const text = formatRefusal({ status: 404, body: "no", omitBody: true });
    expect(text).toContain("Content-Length: 2\r\n");
    expect(text).toMatch(/\r\n\r\n$/);
  });

  it.each([100, 101, 200, 204, 304, 299, 600, 404.5, Number.NaN])(
    "throws for status %s, which cannot refuse",
    (status) => {
      expect(isRefusalStatus(status)).toBe(false);
      expect(() => formatRefusal({ status })).toThrow("handshake-hook-rejected-without-status");
    },
  );

  it.each([
    ["X-Name", "a\r\nSet-Cookie: stolen=1"],
    ["X-Name", "a\0b"],
    ["X Name", "a"],
    ["Content-Length", "0"],
    ["Connection", "keep-alive"],
    ["Sec-WebSocket-Accept", "x"],
  ] as const)("throws for the header %j: %j", (name, value) => {
    expect(() => formatRefusal({ status: 403, headers: [[name, value]] })).toThrow(
      "handshake-hook-illegal-header",
    );
  });

  it("throws for a reason phrase or a challenge that would start a new line", () => {
    expect(() => formatRefusal({ status: 403, reasonPhrase: "No\r\nX: y" })).toThrow(
      "handshake-hook-illegal-header",
    );
    const failure = engineFailures.create("handshake-unauthenticated", { challenge: "Basic\r\nX: y" });
    expect(() => formatFailureRefusal(failure)).toThrow("handshake-hook-illegal-header");
  });
});
