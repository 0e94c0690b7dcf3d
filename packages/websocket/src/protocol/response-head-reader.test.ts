import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ResponseHeadReader, type ResponseHeadResult } from "./response-head-reader.ts";

const switching =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-Empty:\r\nX-Twice: 1\r\nX-Twice: \t2 \r\n\r\n";

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** Pushes the chunks until the reader has decided. */
function readAll(chunks: readonly Uint8Array[], maxBytes?: number): ResponseHeadResult {
  const reader = new ResponseHeadReader(maxBytes);
  for (const [index, chunk] of chunks.entries()) {
    const result = reader.push(chunk);
    if (result.status === "need-more") continue;
    if (result.status === "failure") return result;
    const rest = Buffer.concat([result.rest, ...chunks.slice(index + 1)]);
    return { ...result, rest: Uint8Array.from(rest) };
  }
  return { status: "need-more" };
}

function splitAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe("head of a response (RFC 9112 §4)", () => {
  it("keeps every header line, trimmed", () => {
    expect(readAll([toBytes(switching)])).toEqual({
      status: "head",
      head: {
        httpVersion: "1.1",
        status: 101,
        reasonPhrase: "Switching Protocols",
        rawHeaders: ["Upgrade", "websocket", "X-Empty", "", "X-Twice", "1", "X-Twice", "2"],
      },
      rest: new Uint8Array(),
    });
  });

  it("gives back the frames that came glued to a 101, also an empty one of two bytes", () => {
    const frame = Uint8Array.of(0x81, 0x00);
    expect(readAll([Buffer.concat([toBytes(switching), frame])])).toMatchObject({ rest: frame });
  });

  it("skips informational responses before the final one", () => {
    const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    expect(readAll([toBytes(`HTTP/1.1 100 Continue\r\n\r\n${hints}${switching}x`)])).toMatchObject({
      head: { status: 101, rawHeaders: { length: 8 } },
      rest: toBytes("x"),
    });
  });

  it.each([
    ["HTTP/1.1 101\r\n\r\n", { httpVersion: "1.1", status: 101, reasonPhrase: "" }],
    ["HTTP/1.0 400 Bad Request\r\n\r\n", { httpVersion: "1.0", status: 400, reasonPhrase: "Bad Request" }],
    ["HTTP/1.1 599 \xe9t\xe9\r\n\r\n", { httpVersion: "1.1", status: 599, reasonPhrase: "\xe9t\xe9" }],
  ])("accepts %j", (text, head) => {
    expect(readAll([toBytes(text)])).toMatchObject({ status: "head", head });
  });

  it.each([
    ["a frame", "\x81\x05Hello", "server-frame-before-101"],
    ["a compressed frame", "\xc1\x07", "server-frame-before-101"],
    [
      "a frame behind an informational response",
      "HTTP/1.1 100 Continue\r\n\r\n\x81\x00",
      "server-frame-before-101",
    ],
    ["a TLS alert", "\x15\x03\x01\x00\x02\x02\x46", "plain-http-sent-to-tls-port"],
    ["an HTML page", "<!DOCTYPE html>", "proxy-injected-html"],
    ["another HTML page", "<html>", "proxy-injected-html"],
    ["XML", "<?xml?>", "response-malformed-http"],
    ["SSH", "SSH-2.0-OpenSSH_9.6\r\n", "response-malformed-http"],
    ["HTTP/2", "HTTP/2 200\r\n", "response-malformed-http"],
    ["an empty line", "\r\nHTTP/1.1 101 X\r\n\r\n", "response-malformed-http"],
    ["a status of two digits", "HTTP/1.1 10 X\r\n\r\n", "response-malformed-http"],
    ["LF without CR", "HTTP/1.1 101 X\nUpgrade: websocket\n\n", "response-malformed-http"],
    ["a folded header line", "HTTP/1.1 101 X\r\nA: b\r\n c\r\n\r\n", "response-malformed-http"],
    ["a header line without colon", "HTTP/1.1 101 X\r\nUpgrade websocket\r\n\r\n", "response-malformed-http"],
    ["a space before the colon", "HTTP/1.1 101 X\r\nUpgrade : websocket\r\n\r\n", "response-malformed-http"],
    ["a bare CR in a value", "HTTP/1.1 101 X\r\nA: b\rc\r\n\r\n", "response-malformed-http"],
    ["NUL in a value", "HTTP/1.1 101 X\r\nA: b\0c\r\n\r\n", "response-malformed-http"],
  ])("names %s", (_, text, name) => {
    const bytes = toBytes(text);
    const expected = { status: "failure", failure: { name } };
    expect(readAll([bytes])).toMatchObject(expected);
    expect(readAll(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toMatchObject(expected);
  });

  it("may have as many bytes as the limit and not one more", () => {
    const bytes = toBytes(switching);
    expect(readAll([bytes], bytes.length).status).toBe("head");
    expect(readAll([bytes], bytes.length - 1)).toMatchObject({
      failure: { name: "response-headers-too-large", evidence: { limit: bytes.length - 1 } },
    });
  });

  it("is limited to 16 KiB, informational responses included", () => {
    const interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(700);
    expect(readAll([toBytes(`${interim}${switching}`)])).toMatchObject({
      failure: { name: "response-headers-too-large", evidence: { limit: 16_384 } },
    });
    const endless = Array.from({ length: 20 }, () => toBytes("HTTP/1.1 101 ".padEnd(1000, "a")));
    expect(readAll(endless)).toMatchObject({ failure: { name: "response-headers-too-large" } });
  });

  it("names the end of the connection before the end of the head", () => {
    const reader = new ResponseHeadReader();
    expect(reader.end()).toMatchObject({ name: "response-closed-early", evidence: { bytes: 0 } });
    reader.push(toBytes("HTTP/1.1 101"));
    expect(reader.end()).toMatchObject({ name: "response-closed-early", evidence: { bytes: 12 } });
  });

  it("is the same however the bytes are split", () => {
    const whole = Buffer.concat([
      toBytes(`HTTP/1.1 103 Early Hints\r\n\r\n${switching}`),
      Uint8Array.of(0x81, 0x00),
    ]);
    const expected = readAll([whole]);
    expect(expected.status).toBe("head");
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
        expect(readAll(splitAt(whole, cuts))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("never throws and decides alike however random bytes are split", () => {
    const pieces = fc.constantFrom(
      "HTTP/1.1 ",
      "101 X",
      "\r\n",
      "\n",
      "\r",
      "A: b",
      " ",
      "\x81\x00",
      "\x15\x03",
      "<h",
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(pieces, { maxLength: 12 }).map((parts) => toBytes(parts.join(""))),
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 6 }), (input, cuts) => {
        expect(summarize(readAll(splitAt(input, cuts)))).toEqual(summarize(readAll([input])));
      }),
      { numRuns: 1000 },
    );
  });
});

function summarize(result: ResponseHeadResult): unknown {
  return result.status === "failure" ? result.failure.name : result;
}
