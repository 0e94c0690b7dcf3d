import { describe, expect, it } from "vitest";
import { decodeShown, escapeUnsafe, shortenHex, shortenText } from "./safe-text.ts";

describe("text from the wire", () => {
  it("cannot move a terminal's cursor or turn text around", () => {
    expect(escapeUnsafe("a\u001b[2J\u009b1m\r\n\u202ex")).toBe("a\\x1b[2J\\x9b1m\\r\\n\\u202ex");
  });

  it("is cut after so many characters, never inside one", () => {
    expect(shortenText("abcdef", 3)).toBe("abc...");
    expect(shortenText("ab\u{1f600}", 3)).toBe("ab...");
    expect(shortenText("abc", 3)).toBe("abc");
  });
});

describe("bytes from the wire", () => {
  it("are text if they are UTF-8, also when cut inside a character", () => {
    expect(decodeShown(Buffer.from("héé").subarray(0, 4))).toBe("hé");
  });

  it("are binary if they hold control characters or break UTF-8", () => {
    expect(decodeShown(Buffer.from([0x61, 0x00]))).toBeUndefined();
    expect(decodeShown(Buffer.from([0xff, 0x61]))).toBeUndefined();
  });

  it("are shown as hex pairs, cut", () => {
    expect(shortenHex(Buffer.from([1, 2, 255]), 2)).toBe("01 02 ...");
  });
});
