import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectHandshake } from "./inspect-handshake.ts";

const goodRequest = `GET /chat HTTP/1.1
Host: example.com
Upgrade: websocket
Connection: keep-alive, Upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Version: 13
Sec-WebSocket-Protocol: chat, superchat
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
`;

const goodResponse = `HTTP/1.1 101 Switching Protocols
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
Sec-WebSocket-Protocol: chat
`;

function find(request: string, response?: string): string[] {
  return inspectHandshake(request, response).findings.map(
    ({ in: where, failure }) => `${where} ${failure.name}`,
  );
}

/** The text with one line replaced, or removed. */
function change(text: string, name: string, line = ""): string {
  const changed = text.replace(new RegExp(`^${name}:.*\n`, "m"), line && `${line}\n`);
  if (changed === text) throw new Error(`there is no line ${name}`);
  return changed;
}

describe("a handshake without fault (RFC 6455 §4)", () => {
  it("has no findings, and tells what was agreed", () => {
    expect(inspectHandshake(goodRequest, goodResponse)).toEqual({
      findings: [],
      expectedAccept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
      agreed: { subprotocol: "chat", deflate: undefined },
    });
  });

  it("may lack its response, its empty line, or its carriage returns", () => {
    expect(find(goodRequest)).toEqual([]);
    expect(find(`\n${goodRequest}\n\n`)).toEqual([]);
    expect(
      find(goodRequest.replaceAll("\n", "\r\n"), `${goodResponse.replaceAll("\n", "\r\n")}\r\n`),
    ).toEqual([]);
  });

  it("tells the compression that was agreed on", () => {
    const response = `${goodResponse}Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10`;
    expect(inspectHandshake(goodRequest, response).agreed?.deflate).toMatchObject({
      clientMaxWindowBits: 10,
    });
  });

  it("may answer any of several offers", () => {
    const offers =
      "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10, permessage-deflate";
    const request = change(goodRequest, "Sec-WebSocket-Extensions", offers);
    expect(find(request, `${goodResponse}Sec-WebSocket-Extensions: permessage-deflate`)).toEqual([]);
  });
});

describe("a request with faults", () => {
  it.each([
    ["Host", "", "handshake-host-missing"],
    ["Host", "Host: http://example.com/", "handshake-host-invalid"],
    ["Upgrade", "", "proxy-stripped-upgrade"],
    ["Upgrade", "Upgrade: h2c", "handshake-upgrade-not-websocket"],
    ["Connection", "Connection: close", "handshake-connection-token-missing"],
    ["Sec-WebSocket-Key", "", "handshake-key-missing"],
    ["Sec-WebSocket-Key", "Sec-WebSocket-Key: abc", "handshake-key-invalid"],
    ["Sec-WebSocket-Version", "", "handshake-version-missing"],
    ["Sec-WebSocket-Version", "Sec-WebSocket-Version: 8", "handshake-version-unsupported"],
    ["Sec-WebSocket-Version", "Sec-WebSocket-Version: 013", "handshake-version-malformed"],
    ["Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: a,,b", "handshake-subprotocol-syntax"],
    ["Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: a, a", "handshake-subprotocol-duplicate"],
    ["Sec-WebSocket-Extensions", "Sec-WebSocket-Extensions: ;", "handshake-extension-syntax"],
    ["Host", "Host: a\nOrigin: nonsense", "handshake-origin-malformed"],
    ["Host", "Host: a\nContent-Length: 5", "handshake-request-has-body"],
    ["Host", "Host: a\nHost: b", "handshake-host-duplicated"],
    ["Host", `Host: a\nX-Long: ${"x".repeat(17_000)}`, "handshake-headers-too-large"],
  ])("has the server's name for %s → %j", (name, line, failure) => {
    expect(find(change(goodRequest, name, line))).toEqual([`request ${failure}`]);
  });

  it.each([
    ["POST /chat HTTP/1.1", "handshake-method-not-get"],
    ["GET /chat HTTP/1.0", "handshake-http-version-too-low"],
    ["GET /%ff HTTP/1.1", "handshake-malformed-http"],
    ["GET * HTTP/1.1", "handshake-path-not-found"],
    ["GET http://a b/ HTTP/1.1", "handshake-malformed-http"],
    ["GET /chat", "handshake-malformed-http"],
    ["SSH-2.0-OpenSSH_9.6", "handshake-malformed-http"],
    ["PROXY TCP4 10.0.0.1 10.0.0.2 5000 6001", "proxy-protocol-preamble"],
  ])("has the server's name for %j", (line, failure) => {
    expect(find(goodRequest.replace(/^.*/, line))).toEqual([`request ${failure}`]);
  });

  it("names folded lines and lines without a colon", () => {
    expect(find(goodRequest.replace("\nUpgrade", "\n Upgrade"))).toEqual([
      "request handshake-obsolete-line-folding",
    ]);
    const [finding] = inspectHandshake(
      goodRequest.replace("Upgrade: websocket", "Upgrade websocket"),
    ).findings;
    expect(finding?.failure.message).toContain("line 3 is not of the form Name: value");
  });

  it("has all of them listed, the one that is reported first", () => {
    const request =
      "POST /chat HTTP/1.0\nConnection: close\nSec-WebSocket-Key: short\nSec-WebSocket-Version: 12\n";
    expect(find(request)).toEqual([
      "request handshake-method-not-get",
      "request handshake-http-version-too-low",
      "request handshake-host-missing",
      "request proxy-stripped-upgrade",
      "request handshake-connection-token-missing",
      "request handshake-version-unsupported",
      "request handshake-key-invalid",
    ]);
  });

  it("may bring frames too early", () => {
    expect(find(`${goodRequest}\nhello`)).toEqual(["request handshake-early-data"]);
  });
});

describe("a response with faults", () => {
  it.each([
    ["Upgrade", "", "response-upgrade-header-invalid"],
    ["Connection", "Connection: close", "response-connection-header-invalid"],
    ["Sec-WebSocket-Accept", "", "response-accept-missing"],
    [
      "Sec-WebSocket-Accept",
      "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=",
      "response-accept-mismatch",
    ],
    ["Upgrade", "Upgrade: websocket\nContent-Length: 0", "response-has-body-headers"],
    ["Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: chat, superchat", "response-subprotocol-list-echoed"],
    ["Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: evil", "response-subprotocol-unrequested"],
    [
      "Sec-WebSocket-Protocol",
      "Sec-WebSocket-Extensions: x-webkit-deflate-frame",
      "response-extension-unrequested",
    ],
    [
      "Sec-WebSocket-Protocol",
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
      "response-deflate-parameter-invalid",
    ],
  ])("has the client's name for %s → %j", (name, line, failure) => {
    const found = find(goodRequest, change(goodResponse, name, line));
    expect(found[0]).toBe(`response ${failure}`);
  });

  it("has the accept value checked against the key of this request", () => {
    const response = change(
      goodResponse,
      "Sec-WebSocket-Accept",
      "Sec-WebSocket-Accept: Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=",
    );
    const [finding] = inspectHandshake(goodRequest, response).findings;
    expect(finding?.failure.message).toContain("s3pPLMBiTxaQ9kYGzzhZRbK+xOo= is right");
    expect(finding?.failure.message).toContain("hashed an empty key");
  });

  it("has all of them listed, and nothing agreed", () => {
    const response = "HTTP/1.1 101 OK\nSec-WebSocket-Accept: x\nSec-WebSocket-Protocol: chat, superchat\n";
    expect(find(goodRequest, response)).toEqual([
      "response response-upgrade-header-invalid",
      "response response-connection-header-invalid",
      "response response-accept-mismatch",
      "response response-subprotocol-list-echoed",
    ]);
    expect(inspectHandshake(goodRequest, response).agreed).toBeUndefined();
  });

  it("warns where browsers would insist on a subprotocol", () => {
    const { findings, agreed } = inspectHandshake(
      goodRequest,
      change(goodResponse, "Sec-WebSocket-Protocol"),
    );
    expect(findings).toMatchObject([
      { in: "response", failure: { name: "response-subprotocol-missing", severity: "warning" } },
    ]);
    expect(agreed).toEqual({ subprotocol: "", deflate: undefined });
  });

  it.each([
    ["HTTP/1.1 200 OK\nContent-Type: text/html\n\n<html>", "response-status-200"],
    [
      "HTTP/1.1 400 Bad Request\n\nClient sent an HTTP request to an HTTPS server.",
      "plain-http-sent-to-tls-port",
    ],
    ["HTTP/1.1 502 Bad Gateway\n", "response-gateway-error"],
    ["<!DOCTYPE html>", "proxy-injected-html"],
    ["SSH-2.0", "response-malformed-http"],
  ])("is no 101: %j", (response, failure) => {
    expect(find(goodRequest, response)).toEqual([`response ${failure}`]);
  });

  it("is judged even if the request has no key", () => {
    const inspection = inspectHandshake(change(goodRequest, "Sec-WebSocket-Key"), goodResponse);
    expect(inspection.expectedAccept).toBeUndefined();
    expect(inspection.findings.map(({ failure }) => failure.name)).toEqual([
      "handshake-key-missing",
      "response-accept-mismatch",
    ]);
  });
});

describe("any text", () => {
  it("never makes it throw", () => {
    const lines = fc.constantFrom(
      ...goodRequest.split("\n"),
      ...goodResponse.split("\n"),
      "",
      ": x",
      " folded",
      "\0",
    );
    const texts = fc.array(fc.oneof(lines, fc.string({ unit: "binary" }))).map((parts) => parts.join("\n"));
    fc.assert(
      fc.property(texts, texts, (request, response) => {
        expect(inspectHandshake(request, response).findings.length).toBeLessThan(30);
      }),
      { numRuns: 1000 },
    );
  });

  it("never has a key or an offered subprotocol quoted", () => {
    const request = change(
      goodRequest,
      "Sec-WebSocket-Protocol",
      "Sec-WebSocket-Protocol: bearer, s3cret, s3cret",
    );
    const bad = change(request, "Sec-WebSocket-Key", "Sec-WebSocket-Key: s3cret");
    const { findings } = inspectHandshake(bad, `${goodResponse}Sec-WebSocket-Protocol: s3cret`);
    expect(findings).not.toEqual([]);
    expect(JSON.stringify(findings)).not.toContain("s3cret");
  });
});
