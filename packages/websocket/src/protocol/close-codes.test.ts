import { describe, expect, it } from "vitest";
import { isApplicationCloseCode, judgeCloseCode } from "./close-codes.ts";

/** The codes at which the answer changes, as `[first, last]`. */
function findRanges(test: (code: number) => boolean): [number, number][] {
  const ranges: [number, number][] = [];
  for (let code = 0; code <= 65_535; code += 1) {
    if (!test(code)) continue;
    const last = ranges.at(-1);
    if (last?.[1] === code - 1) last[1] = code;
    else ranges.push([code, code]);
  }
  return ranges;
}

describe("close codes (RFC 6455 §7.4, IANA)", () => {
  it("may stand in a Close frame from 1000 to 1003, from 1007 to 1014 and from 3000 to 4999", () => {
    expect(findRanges((code) => judgeCloseCode(code) === undefined)).toEqual([
      [1000, 1003],
      [1007, 1014],
      [3000, 4999],
    ]);
  });

  it("are local markers at 1004, 1005, 1006 and 1015", () => {
    expect(findRanges((code) => judgeCloseCode(code) === "close-code-reserved-on-wire")).toEqual([
      [1004, 1006],
      [1015, 1015],
    ]);
  });

  it("are the application's at 1000 and from 3000 to 4999", () => {
    expect(findRanges(isApplicationCloseCode)).toEqual([
      [1000, 1000],
      [3000, 4999],
    ]);
  });

  it("are whole numbers", () => {
    for (const code of [1000.5, 3000.5, Number.NaN, Number.POSITIVE_INFINITY, -1]) {
      expect(judgeCloseCode(code)).toBe("close-code-out-of-range");
      expect(isApplicationCloseCode(code)).toBe(false);
    }
  });
});
