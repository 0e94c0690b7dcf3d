import { describe, expect, it } from "vitest";
import { nodePrimitives } from "./primitives.ts";

describe("the protocol core's primitives on Node", () => {
  it("draw masking keys that do not repeat, over several fills of the pool", () => {
    const keys = new Set<number>();
    const target = new Uint8Array(8);
    for (let i = 0; i < 5000; i += 1) {
      nodePrimitives.writeMaskingKey(target, 2);
      keys.add(new DataView(target.buffer).getUint32(2));
    }
    expect(keys.size).toBeGreaterThan(4990);
    expect([target[0], target[1], target[6], target[7]]).toEqual([0, 0, 0, 0]);
  });

  it("measure and write text as UTF-8, with U+FFFD for lone surrogates", () => {
    for (const text of ["", "a", "é", "€", "😀", "a\u{d800}", "\u{dc00}b"]) {
      const expected = new TextEncoder().encode(text);
      const target = new Uint8Array(expected.length + 2);
      expect(nodePrimitives.utf8Length(text)).toBe(expected.length);
      expect(nodePrimitives.writeUtf8(text, target, 1)).toBe(expected.length);
      expect(target.subarray(1, -1)).toEqual(expected);
    }
  });

  it("decode text and keep its byte-order mark, also from plain arrays of bytes", () => {
    const bytes = Uint8Array.of(0x00, 0xef, 0xbb, 0xbf, 0x61);
    expect(nodePrimitives.decodeUtf8(bytes.subarray(1))).toBe("\u{feff}a");
    expect(nodePrimitives.decodeUtf8(Buffer.from(bytes.subarray(1)))).toBe("\u{feff}a");
  });

  it("judge UTF-8", () => {
    expect(nodePrimitives.isUtf8(Uint8Array.of(0xc3, 0xa9))).toBe(true);
    expect(nodePrimitives.isUtf8(Uint8Array.of(0xc3))).toBe(false);
  });
});
