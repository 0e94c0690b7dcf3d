import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { createClientErrorAnswer } from "./client-error.ts";

function answerTo(code: string) {
  let written = "";
  const names: string[] = [];
  const socket = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  const answer = createClientErrorAnswer((failure) => names.push(failure.name));
  answer(Object.assign(new Error("x"), { code }), socket);
  return { written, names, socket };
}

describe("bytes that are not a request", () => {
  for (const [code, status, name] of [
    ["HPE_INVALID_METHOD", "400 Bad Request", "http-malformed"],
    ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large", "http-headers-too-large"],
    ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout", "http-request-timeout"],
  ] as const) {
    it(`are answered ${status} and reported as ${name}: ${code}`, () => {
      const { written, names } = answerTo(code);
      expect(written.startsWith(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n`)).toBe(true);
      const [head = "", body = ""] = written.split("\r\n\r\n");
      expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close`);
      expect(names).toEqual([name]);
    });
  }

  it("are not answered when the client is gone", () => {
    const { written, names, socket } = answerTo("ECONNRESET");
    expect([written, names, socket.destroyed]).toEqual(["", [], true]);
  });
});
