import { describe, expect, it } from "vitest";
import type { UpgradeRequestHead } from "./hop-by-hop.ts";
import { judgeRequestLimits } from "./request-limits.ts";

function createHead(target: string, rawHeaders: readonly string[]): UpgradeRequestHead {
  return { method: "GET", target, httpVersion: "1.1", rawHeaders };
}

describe("limits on a request head", () => {
  it("allow a URL of 8,192 bytes and refuse one of 8,193 with 414", () => {
    expect(judgeRequestLimits(createHead("/".padEnd(8192, "a"), []))).toBeUndefined();
    expect(judgeRequestLimits(createHead("/".padEnd(8193, "a"), []))).toMatchObject({
      name: "handshake-uri-too-long",
      httpStatus: 414,
      evidence: { bytes: 8193, limit: 8192 },
    });
  });

  it("allow 16,384 bytes of headers, line ends included, and refuse more with 431", () => {
    const value = "a".repeat(16_384 - "X: \r\n".length);
    expect(judgeRequestLimits(createHead("/", ["X", value]))).toBeUndefined();
    expect(judgeRequestLimits(createHead("/", ["X", `${value}a`]))).toMatchObject({
      name: "handshake-headers-too-large",
      httpStatus: 431,
      evidence: { bytes: 16_385, limit: 16_384 },
    });
  });

  it("allow 100 header lines and refuse 101 with 431", () => {
    const hundredLines = Array.from({ length: 100 }, () => ["X", "y"]).flat();
    expect(judgeRequestLimits(createHead("/", hundredLines))).toBeUndefined();
    expect(judgeRequestLimits(createHead("/", [...hundredLines, "X", "y"]))).toMatchObject({
      name: "handshake-too-many-headers",
      httpStatus: 431,
    });
  });

  it.each(["a\rb", "a\nb", "a\0b"])("refuse the header value %j with 400", (value) => {
    expect(judgeRequestLimits(createHead("/", ["Host", "a", "X-Bad", value]))).toMatchObject({
      name: "handshake-illegal-header-byte",
      httpStatus: 400,
      evidence: { header: "X-Bad" },
    });
  });
});
