import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { fromHex, toHex } from "./hex.test.harness.ts";
import { mask } from "./mask-payload.ts";

const key = fromHex("37fa213d");

describe("masking (RFC 6455 §5.3)", () => {
  it("gives the bytes of the RFC's example", () => {
    expect(toHex(mask(Buffer.from("Hello"), key))).toBe("7f9f4d5158");
  });

  it("refuses a key that has not four bytes", () => {
    expect(() => mask(key, key.subarray(1))).toThrow(RangeError);
  });

  it("is its own inverse, works in pieces, and changes nothing", () => {
    const keys = fc.uint8Array({ minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: "max" }), keys, fc.nat(), (payload, key, cut) => {
        const before = toHex(payload);
        const masked = mask(payload, key);
        expect(toHex(mask(masked, key))).toBe(before);
        const at = payload.length === 0 ? 0 : cut % payload.length;
        const pieces = [mask(payload.subarray(0, at), key), mask(payload.subarray(at), key, at)];
        expect(toHex(Buffer.concat(pieces))).toBe(toHex(masked));
        expect(toHex(payload)).toBe(before);
      }),
      { numRuns: 200 },
    );
  });
});
