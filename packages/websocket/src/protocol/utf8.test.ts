import { isUtf8 as isUtf8OfNode } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findInvalidUtf8, Utf8Validator } from "./utf8.ts";

const platform = { isUtf8: isUtf8OfNode };

const decoder = new TextDecoder("utf-8", { fatal: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Whether the platform's decoder takes these bytes as the beginning of a text. */
function canContinue(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Bytes at the borders of every range of RFC 3629 §4. */
const borderBytes = [
  0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
  0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xfe, 0xff,
];

describe("UTF-8 validation (RFC 3629)", () => {
  it("agrees with TextDecoder on every sequence of one and two bytes", () => {
    const wrong: number[][] = [];
    for (let first = 0; first < 256; first += 1) {
      if ((findInvalidUtf8(Uint8Array.of(first)) === -1) !== isUtf8(Uint8Array.of(first)))
        wrong.push([first]);
      for (let second = 0; second < 256; second += 1) {
        const bytes = Uint8Array.of(first, second);
        if ((findInvalidUtf8(bytes) === -1) !== isUtf8(bytes)) wrong.push([first, second]);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("agrees with isUtf8 of Node on every sequence of four bytes from the borders of the ranges", () => {
    const wrong: string[] = [];
    const bytes = new Uint8Array(4);
    for (let at = 0; at < borderBytes.length ** 4; at += 1) {
      for (let place = 0, rest = at; place < 4; place += 1, rest = Math.floor(rest / borderBytes.length)) {
        bytes[place] = borderBytes[rest % borderBytes.length]!;
      }
      if ((findInvalidUtf8(bytes) === -1) !== isUtf8OfNode(bytes))
        wrong.push(Buffer.from(bytes).toString("hex"));
    }
    expect(wrong).toEqual([]);
  });

  it("agrees with TextDecoder on random bytes and on damaged text", () => {
    const damagedText = fc
      .tuple(fc.string({ unit: "binary", maxLength: 40 }), fc.nat(), fc.nat(255))
      .map(([text, at, byte]) => {
        const bytes = new TextEncoder().encode(text);
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes;
      });
    const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 30 }), damagedText);
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(findInvalidUtf8(bytes) === -1).toBe(isUtf8(bytes));
      }),
      { numRuns: 800 },
    );
  });

  it("names the first byte that cannot be continued, as a streaming decoder does", () => {
    const anyBytes = fc.array(fc.constantFrom(...borderBytes), { maxLength: 12 });
    fc.assert(
      fc.property(anyBytes, (values) => {
        const bytes = Uint8Array.from(values);
        const invalid = new Utf8Validator(platform).findInvalid(bytes, 0, bytes.length);
        if (invalid === -1) {
          expect(canContinue(bytes)).toBe(true);
        } else {
          expect(canContinue(bytes.subarray(0, invalid))).toBe(true);
          expect(canContinue(bytes.subarray(0, invalid + 1))).toBe(false);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("finds the same byte when the text comes in pieces", () => {
    const anyBytes = fc.array(fc.constantFrom(...borderBytes), { maxLength: 12 });
    fc.assert(
      fc.property(anyBytes, fc.nat(12), (values, cut) => {
        const bytes = Uint8Array.from(values);
        const border = Math.min(cut, bytes.length);
        const validator = new Utf8Validator(platform);
        const inFirst = validator.findInvalid(bytes, 0, border);
        const found = inFirst >= 0 ? inFirst : validator.findInvalid(bytes, border, bytes.length);
        expect(found).toBe(new Utf8Validator(platform).findInvalid(bytes, 0, bytes.length));
      }),
      { numRuns: 1000 },
    );
  });

  it("finds the same byte in long texts, where the platform checks most of them", () => {
    const filler = fc.integer({ min: 0, max: 80 }).map((length) => Array.from({ length }, () => 0x61));
    const anyBytes = fc.tuple(filler, fc.array(fc.constantFrom(...borderBytes), { maxLength: 5 }), filler);
    fc.assert(
      fc.property(fc.array(anyBytes, { maxLength: 3 }), fc.nat(300), (parts, cut) => {
        const bytes = Uint8Array.from(parts.flat(2));
        const border = Math.min(cut, bytes.length);
        const validator = new Utf8Validator(platform);
        const inFirst = validator.findInvalid(bytes, 0, border);
        const found = inFirst >= 0 ? inFirst : validator.findInvalid(bytes, border, bytes.length);
        const byByte = new Utf8Validator({ isUtf8: () => false });
        expect(found).toBe(byByte.findInvalid(bytes, 0, bytes.length));
        if (found === -1) expect(validator.isComplete).toBe(byByte.isComplete);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(["é", "€", "😀"])("finds a cut inside %s at the end of a long text", (character) => {
    const bytes = Buffer.from("x".repeat(100) + character);
    for (let end = 100; end <= bytes.length; end += 1) {
      const validator = new Utf8Validator(platform);
      expect(validator.findInvalid(bytes, 0, end)).toBe(-1);
      expect(validator.isComplete).toBe(end === 100 || end === bytes.length);
      expect(validator.findInvalid(bytes, end, bytes.length)).toBe(-1);
      expect(validator.isComplete).toBe(true);
    }
  });

  it("asks the platform for all but the unfinished end of a long text", () => {
    const asked: number[] = [];
    const validator = new Utf8Validator({
      isUtf8: (bytes) => {
        asked.push(bytes.length);
        return isUtf8OfNode(bytes);
      },
    });
    const bytes = Buffer.from("€".repeat(100));
    expect(validator.findInvalid(bytes, 0, 200)).toBe(-1);
    expect(validator.findInvalid(bytes, 200, 300)).toBe(-1);
    expect(asked).toEqual([198, 99]);
  });

  it("tells a text that ends inside a character from one that is broken", () => {
    expect(findInvalidUtf8(Uint8Array.of(0x61, 0xe2, 0x82))).toBe(3);
    expect(findInvalidUtf8(Uint8Array.of(0x61, 0xe2, 0x28))).toBe(2);
    expect(findInvalidUtf8(Uint8Array.of(0x61, 0xe2, 0x82, 0xac))).toBe(-1);
  });
});
