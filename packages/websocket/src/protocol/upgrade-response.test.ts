import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResponseHead } from "./response-head-reader.ts";
import { judgeUpgradeResponse, type UpgradeExpectations } from "./upgrade-response.ts";

const expected: UpgradeExpectations = {
  expectedAccept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  offeredSubprotocols: ["chat", "superchat"],
  subprotocolRequired: true,
  offeredDeflate: {
    serverNoContextTakeover: true,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 12,
    clientMaxWindowBits: 12,
  },
  strictness: "strict",
};

const rawHeaders = [
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
  ["Sec-WebSocket-Protocol", "chat"],
].flat();

function createHead(accept: string): ResponseHead {
  const headers = rawHeaders.with(rawHeaders.indexOf("Sec-WebSocket-Accept") + 1, accept);
  return { httpVersion: "1.1", status: 101, reasonPhrase: "", rawHeaders: headers };
}

describe("judgement of a handshake response (RFC 6455 §4.1)", () => {
  it.each([
    ["Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=", "the server hashed an empty key"],
    ["b37a4f2cc0624f1690f64606cf385945b2bec4ea", "the server sent the digest in hex"],
    [
      "YjM3YTRmMmNjMDYyNGYxNjkwZjY0NjA2Y2YzODU5NDViMmJlYzRlYQ==",
      "put the hex text of the digest into base64",
    ],
  ])("tells how the accept value %s came about", (accept, hint) => {
    const verdict = judgeUpgradeResponse(createHead(accept), expected);
    if (verdict.ok) expect.unreachable("the response was accepted");
    expect(verdict.failure.message).toContain(hint);
  });

  it("never quotes a subprotocol, which may be a token", () => {
    const head = {
      ...createHead(expected.expectedAccept),
      rawHeaders: [...rawHeaders.slice(0, -1), "bearer.s3cret"],
    };
    const verdict = judgeUpgradeResponse(head, expected);
    expect(verdict.ok).toBe(false);
    expect(JSON.stringify(verdict)).not.toContain("s3cret");
  });

  it("never throws, whatever the response, and explains every refusal in one sentence", () => {
    const name = fc.constantFrom(
      ...rawHeaders.filter((_, index) => index % 2 === 0),
      "Sec-WebSocket-Extensions",
      "Content-Length",
      "Transfer-Encoding",
      "Location",
      "Retry-After",
      "__proto__",
    );
    const value = fc.oneof(
      fc.constantFrom(
        ...rawHeaders,
        "permessage-deflate",
        "permessage-deflate; server_no_context_takeover",
        "0",
      ),
      fc.string({ unit: "binary" }),
    );
    const head = fc.record({
      httpVersion: fc.constantFrom("1.1", "1.0"),
      status: fc.oneof(fc.constant(101), fc.integer({ min: 100, max: 999 })),
      reasonPhrase: fc.string(),
      rawHeaders: fc
        .array(fc.tuple(name, value), { maxLength: 6 })
        .map((lines) => [...rawHeaders, ...lines.flat()])
        .chain((lines) => fc.nat(8).map((start) => lines.slice(start))),
    });
    fc.assert(
      fc.property(head, fc.constantFrom("strict" as const, "compat" as const), (response, strictness) => {
        const verdict = judgeUpgradeResponse(response, { ...expected, strictness });
        if (verdict.ok) expect(verdict.subprotocol).toMatch(/^(?:super)?chat$/);
        else expect(verdict.failure.message).toMatch(/^[A-Z][\x20-\x7e]*\.$/);
      }),
      { numRuns: 1000 },
    );
  });
});
