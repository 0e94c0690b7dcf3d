import { describe, expect, it } from "vitest";
import { HostRewriter } from "./host-rewrite.ts";

const target = { host: "ws.example.com", origin: "https://ws.example.com" };
const request =
  "GET /Host: HTTP/1.1\r\nhost:  localhost:7001\r\nOrigin: http://localhost\r\nX-Host: a\r\n\r\nHost: body";
const expected =
  "GET /Host: HTTP/1.1\r\nhost:  ws.example.com\r\nOrigin: https://ws.example.com\r\nX-Host: a\r\n\r\nHost: body";

describe("HostRewriter", () => {
  it("changes Host and Origin of the head and nothing else, however the bytes are cut", () => {
    for (const size of [1, 7, 1000]) {
      const rewriter = new HostRewriter(target, 1000);
      const bytes = Buffer.from(request, "latin1");
      const sent: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size)
        sent.push(rewriter.push(bytes.subarray(at, at + size)).bytes);
      expect(Buffer.concat(sent).toString("latin1")).toBe(expected);
    }
  });

  it("says what it changed", () => {
    const { rewritten } = new HostRewriter(target, 1000).push(Buffer.from(request, "latin1"));
    expect(rewritten).toEqual([
      { name: "host", before: "localhost:7001", after: "ws.example.com" },
      { name: "Origin", before: "http://localhost", after: "https://ws.example.com" },
    ]);
  });

  it("gives up on a head that is too long, and on one that never ends, without losing a byte", () => {
    const rewriter = new HostRewriter(target, 20);
    expect(rewriter.push(Buffer.from("GET / HTTP/1.1\r\n")).bytes).toHaveLength(0);
    expect(Buffer.from(rewriter.push(Buffer.from("Host: a\r\n")).bytes).toString()).toBe(
      "GET / HTTP/1.1\r\nHost: a\r\n",
    );
    const cut = new HostRewriter(target, 100);
    cut.push(Buffer.from("GET /"));
    expect(Buffer.from(cut.end()).toString()).toBe("GET /");
  });
});
