import { describe, expect, it } from "vitest";
import { parseRetryAfter } from "./retry-after.ts";

const now = Date.parse("Sun, 06 Nov 1994 08:49:37 GMT");

describe("Retry-After (RFC 9110 §10.2.3)", () => {
  it.each([
    ["120", 120_000],
    [" 0 ", 0],
    ["Sun, 06 Nov 1994 08:50:37 GMT", 60_000],
    ["Sun, 06 Nov 1994 08:40:00 GMT", 0],
    [undefined, undefined],
    ["-5", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["2001", 2_001_000],
  ])("%s is %s ms", (value, ms) => {
    expect(parseRetryAfter(value, now)).toBe(ms);
  });
});
