import { describe, expect, it } from "vitest";
import { applyMask, readMaskingKey } from "./mask.ts";

const octets = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
const key = readMaskingKey(octets, 0);

/** The rule as RFC 6455 §5.3 states it. */
function maskByteByByte(bytes: Uint8Array, position: number): Uint8Array {
  return bytes.map((byte, at) => byte ^ octets[(position + at) & 3]!);
}

function countUp(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at * 7);
}

describe("masking (RFC 6455 §5.3)", () => {
  it("masks the example of the RFC", () => {
    const bytes = new TextEncoder().encode("Hello");
    applyMask(bytes, 0, bytes.length, key, 0);
    expect(Buffer.from(bytes).toString("hex")).toBe("7f9f4d5158");
  });

  it("follows the rule for every length, alignment and position in the payload", () => {
    for (let length = 0; length <= 70; length += 1) {
      for (let offset = 0; offset < 8; offset += 1) {
        for (let position = 0; position < 5; position += 1) {
          const memory = new Uint8Array(length + 16);
          const bytes = memory.subarray(offset, offset + length);
          bytes.set(countUp(length));
          applyMask(bytes, 0, length, key, position);
          expect(bytes).toEqual(maskByteByByte(countUp(length), position));
        }
      }
    }
  });

  it("touches nothing outside of start and end", () => {
    const bytes = new Uint8Array(200);
    applyMask(bytes, 50, 150, key, 0);
    expect(bytes.subarray(0, 50)).toEqual(new Uint8Array(50));
    expect(bytes.subarray(50, 150)).toEqual(maskByteByByte(new Uint8Array(100), 0));
    expect(bytes.subarray(150)).toEqual(new Uint8Array(50));
  });

  it("gives the same bytes when a payload comes in two pieces, wherever it is cut", () => {
    const whole = countUp(120);
    applyMask(whole, 0, 120, key, 0);
    for (let cut = 0; cut <= 120; cut += 1) {
      const pieces = countUp(120);
      applyMask(pieces, 0, cut, key, 0);
      applyMask(pieces, cut, 120, key, cut);
      expect(pieces).toEqual(whole);
    }
  });

  it("tells whether all bytes that come out are ASCII, wherever the one is that is not", () => {
    for (const length of [1, 5, 47, 48, 64, 131]) {
      const text = new Uint8Array(length).fill(0x61);
      applyMask(text, 0, length, key, 2);
      expect(applyMask(Uint8Array.from(text), 0, length, key, 2)).toBe(true);
      for (let at = 0; at < length; at += 1) {
        const other = Uint8Array.from(text);
        other[at]! ^= 0x80;
        expect(applyMask(other, 0, length, key, 2)).toBe(false);
      }
    }
  });

  it("is its own inverse", () => {
    const bytes = countUp(1000);
    applyMask(bytes, 0, 1000, key, 3);
    expect(bytes).not.toEqual(countUp(1000));
    applyMask(bytes, 0, 1000, key, 3);
    expect(bytes).toEqual(countUp(1000));
  });
});
