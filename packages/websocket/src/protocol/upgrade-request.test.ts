import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgePlainRequest, type UpgradeRequestHead } from "./hop-by-hop.ts";
import { createOriginPolicy } from "./origin.ts";
import { formatFailureRefusal } from "./refusal.ts";
import { judgeRequestLimits } from "./request-limits.ts";
import { judgeUpgradeRequest } from "./upgrade-request.ts";

const rules = { origins: createOriginPolicy("*") };
const rawHeaders = [
  ["Host", "example.com"],
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
  ["Sec-WebSocket-Version", "13"],
].flat();

describe("judgement of a handshake request (RFC 6455 §4.2.1)", () => {
  it("gives access to every header in any letter case, all lines joined", () => {
    const head: UpgradeRequestHead = {
      method: "GET",
      target: "/",
      httpVersion: "1.1",
      rawHeaders: [...rawHeaders, "Cookie", "a=1", "cookie", "b=2", "X-List", "1", "x-list", "2"],
    };
    const verdict = judgeUpgradeRequest(head, rules);
    if (!verdict.ok) expect.unreachable(verdict.failure.message);
    const names = ["COOKIE", "x-List", "X-None"];
    expect(names.map((name) => verdict.request.header(name))).toEqual(["a=1; b=2", "1, 2", undefined]);
  });

  it("finds the faults in a fixed order, each hidden by those before it", () => {
    const faults: readonly [name: string, change: (head: UpgradeRequestHead) => UpgradeRequestHead][] = [
      ["handshake-malformed-http", (head) => ({ ...head, target: "/%zz" })],
      ["handshake-method-not-get", (head) => ({ ...head, method: "POST" })],
      ["handshake-http-version-too-low", (head) => ({ ...head, httpVersion: "1.0" })],
      ["handshake-request-has-body", addHeader("Content-Length", "1")],
      ["handshake-host-duplicated", addHeader("Host", "b")],
      ["handshake-upgrade-not-websocket", replaceHeader("Upgrade", "h2c")],
      ["handshake-connection-token-missing", replaceHeader("Connection", "close")],
      ["handshake-version-unsupported", replaceHeader("Sec-WebSocket-Version", "8")],
      ["handshake-key-invalid", replaceHeader("Sec-WebSocket-Key", "x")],
      ["handshake-subprotocol-syntax", addHeader("Sec-WebSocket-Protocol", ",")],
      ["handshake-extension-syntax", addHeader("Sec-WebSocket-Extensions", ",")],
      ["handshake-origin-malformed", addHeader("Origin", "x")],
    ];
    let head: UpgradeRequestHead = { method: "GET", target: "/", httpVersion: "1.1", rawHeaders };
    const found: string[] = [];
    for (const [, change] of faults.toReversed()) {
      head = change(head);
      const verdict = judgeUpgradeRequest(head, rules);
      found.unshift(verdict.ok ? "accepted" : verdict.failure.name);
    }
    expect(found).toEqual(faults.map(([name]) => name));
  });

  it("never throws, whatever the request, and every refusal can be sent", () => {
    const name = fc.oneof(
      fc.constantFrom(...rawHeaders.filter((_, index) => index % 2 === 0), "Origin", "Content-Length", "Via"),
      fc.constantFrom(
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Transfer-Encoding",
        "__proto__",
        "",
      ),
      fc.string({ unit: "binary" }),
    );
    const value = fc.oneof(
      fc.constantFrom(...rawHeaders, "h2c", "\r\n", "a,,b", "https://a"),
      fc.string({ unit: "binary" }),
    );
    const request = fc.record({
      method: fc.oneof(fc.constant("GET"), fc.string()),
      target: fc.oneof(fc.constantFrom("/", "*", "http://a"), fc.webUrl(), fc.string({ unit: "binary" })),
      httpVersion: fc.constantFrom("1.1", "1.0", "2.0", "", "x"),
      rawHeaders: fc
        .array(fc.tuple(name, value), { maxLength: 12 })
        .map((lines) => [...rawHeaders, ...lines.flat()])
        .chain((lines) => fc.nat(10).map((start) => lines.slice(start))),
    });
    fc.assert(
      fc.property(request, (head) => {
        const verdict = judgeUpgradeRequest(head, { ...rules, allowedHosts: ["example.com"] });
        const failures = [
          verdict.ok ? undefined : verdict.failure,
          judgePlainRequest(head),
          judgeRequestLimits(head),
        ];
        for (const failure of failures) {
          if (failure === undefined) continue;
          expect(formatFailureRefusal(failure)).toMatch(/^HTTP\/1\.1 4\d\d [A-Z][^\r\n]*\r\n/);
          expect(failure.message).toMatch(/^[A-Z][\x20-\x7e]*\.$/);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function addHeader(name: string, value: string): (head: UpgradeRequestHead) => UpgradeRequestHead {
  return (head) => ({ ...head, rawHeaders: [...head.rawHeaders, name, value] });
}

function replaceHeader(name: string, value: string): (head: UpgradeRequestHead) => UpgradeRequestHead {
  return (head) => {
    const index = head.rawHeaders.indexOf(name);
    return { ...head, rawHeaders: head.rawHeaders.with(index + 1, value) };
  };
}
