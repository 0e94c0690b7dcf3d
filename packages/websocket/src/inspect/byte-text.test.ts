import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../frames/hex.test.harness.ts";
import { parseByteText } from "./byte-text.ts";

const article = "818237fa213d5f9f4452";

function read(text: string): string {
  const parsed = parseByteText(text);
  return parsed.ok ? `${parsed.format} ${toHex(parsed.bytes)}` : parsed.failure.message;
}

describe("bytes from text", () => {
  it.each([
    "81 82 37 fa 21 3d 5f 9f 44 52",
    "818237FA213D5F9F4452",
    "0x81, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x5f, 0x9f, 0x44, 0x52",
    "{0x81,0x82,0x37,0xfa,0x21,0x3d,0x5f,0x9f,0x44,0x52};",
    "0x818237fa213d5f9f4452",
    "81:82:37:fa:21:3d:5f:9f:44:52",
    "81-82-37-FA-21-3D-5F-9F-44-52",
    "<Buffer 81 82 37 fa 21 3d 5f 9f 44 52>",
    '"81 82 37 fa" "21 3d 5f 9f 44 52"',
    "%81%82%37%fa%21%3d%5f%9f%44%52",
    "8182 37fa213d\n5f9f 4452\n",
  ])("reads hex as in %j", (text) => {
    expect(read(text)).toBe(`hex ${article}`);
  });

  it("reads a single digit behind 0x", () => {
    expect(read("0x81, 0x5, 0xA")).toBe("hex 81050a");
  });

  it.each([
    [String.raw`"\x81\x82\x37\xfa\x21\x3d\x5f\x9f\x44\x52"`, article],
    [String.raw`\x81 \x82 \x37 \xfa \x21 \x3d \x5f \x9f \x44 \x52`, article],
    [String.raw`"\x81\x05Hello"`, "810548656c6c6f"],
    [String.raw`b'\x81\x05Hello'`, "810548656c6c6f"],
    [String.raw`$'\201\005Hello'`, "810548656c6c6f"],
    [String.raw`"\x81\x2\r\n";`, "81020d0a"],
    [String.raw`"\x89\0\e\\\"\$"`, "89001b5c2224"],
    [String.raw`"\u{e9}\u00e9é"`, "c3a9c3a9c3a9"],
    [String.raw`"\x81\x01 "`, "810120"],
  ])("reads escapes as in %j", (text, hex) => {
    expect(read(text)).toBe(`escapes ${hex}`);
  });

  it.each([
    ["gYI3+iE9X59EUg==", "818237fa213d5f9f4452"],
    ["gYI3-iE9X59EUg==", "818237fa213d5f9f4452"],
    ["gQVI\nZWxs\nbw==", "810548656c6c6f"],
  ])("reads base64 as in %j", (text, hex) => {
    expect(read(text)).toBe(`base64 ${hex}`);
  });

  it("takes what is both hex and base64 for hex", () => {
    expect(read("deadbeef")).toBe("hex deadbeef");
  });

  it("reads hexdump -C, with the lines it squeezed", () => {
    const dump = [
      "00000000  81 82 37 fa 21 3d 5f 9f  44 52 00 00 00 00 00 00  |..7.!=_.DR......|",
      "00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|",
      "*",
      "00000040  7c 20                                             || |",
      "00000042",
    ].join("\n");
    expect(read(dump)).toBe(`dump ${article}${"00".repeat(54)}7c20`);
  });

  it("reads xxd, whose text may look like hex", () => {
    const dump = [
      "00000000: 8105 6162 6364 6581 0561 6263 6465 8105  ..abcde..abcde..",
      "00000010: 6162                                     ab",
    ].join("\n");
    expect(read(dump)).toBe("dump 810561626364658105616263646581056162");
  });

  it("reads od -t x1, whose offsets are octal", () => {
    const dump = `0000000 ${"81 00 ".repeat(8)}\n0000020 89 00\n0000022\n`;
    expect(read(dump)).toBe(`dump ${"8100".repeat(8)}8900`);
  });

  it("reads a part of a dump", () => {
    expect(read("00000010  81 00                          |..|\n00000012")).toBe("dump 8100");
  });

  it("refuses plain hexdump, which swaps bytes", () => {
    expect(read("0000000 8281 fa37\n0000004\n")).toContain("swaps every two bytes");
  });

  it("refuses a dump with a line missing", () => {
    const line = "81 00 81 00 81 00 81 00  81 00 81 00 81 00 81 00  |................|";
    expect(read(`00000000  ${line}\n00000020  ${line}`)).toBe(
      "The text does not stand for bytes: 16 bytes came before, but the offset says 32, at character 80.",
    );
  });

  it.each([
    ["", "it is empty, at character 1"],
    ["  \n", "it is empty, at character 1"],
    ["81 8", "an odd number of hex digits, at character 4"],
    ["81 82 hello", "this is neither hex nor base64, at character 7"],
    [String.raw`"\x81\q"`, "an escape that does not exist, at character 6"],
    [String.raw`"\u{110000}"`, "an escape that does not exist, at character 2"],
    [", ;", "there is no hex digit, at character 1"],
  ])("refuses %j: %s", (text, problem) => {
    expect(read(text)).toBe(`The text does not stand for bytes: ${problem}.`);
  });

  it("refuses more text than anybody pastes", () => {
    expect(read("00".repeat(2 ** 21 + 1))).toContain("more than 4194304 characters");
  });

  it("names its failure in the catalogue", () => {
    expect(parseByteText("?")).toMatchObject({ ok: false, failure: { name: "byte-text-invalid" } });
  });

  it("gives back any bytes, however they were written", () => {
    const spellings: readonly ((bytes: Buffer) => string)[] = [
      (bytes) => bytes.toString("hex"),
      (bytes) => bytes.toString("hex").replaceAll(/../g, String.raw`\x$&`),
      (bytes) => bytes.toString("hex").replaceAll(/../g, "0x$&, "),
      (bytes) => `<Buffer ${bytes.toString("hex").replaceAll(/../g, "$& ").trim()}>`,
    ];
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.constantFrom(...spellings),
        (bytes, spell) => {
          const parsed = parseByteText(spell(Buffer.from(bytes)));
          expect(parsed.ok && toHex(parsed.bytes)).toBe(toHex(bytes));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("reads a dump of one very long line, and long runs of nothing, in no time", () => {
    expect(read(`00000000: ${"00".repeat(500_000)}`)).toHaveLength("dump ".length + 1_000_000);
    expect(read(`"\\x81${" ".repeat(500_000)}"`)).toMatch(/^escapes 81(?:20)+$/);
    expect(read(`\\x81${" ;".repeat(250_000)}x`)).toMatch(/^escapes 81/);
  });

  it("never throws on text", () => {
    const pieces = fc.constantFrom(
      "00000000  ",
      "0x0000:  ",
      "\\x",
      "\\u{",
      "81 ",
      "*\n",
      "\n",
      "'",
      '"',
      "zz",
      "=",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: "binary", maxLength: 4 }))), (parts) => {
        expect(typeof parseByteText(parts.join("")).ok).toBe("boolean");
      }),
      { numRuns: 2000 },
    );
  });
});
