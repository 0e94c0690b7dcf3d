import { describe, expect, it } from "vitest";
import { fixedKeyPrimitives } from "../../../../test/support/protocol-driver.ts";
import { nodePrimitives } from "../node/primitives.ts";
import {
  encodeFrame,
  encodeTextFrame,
  frameHeaderLength,
  wholeCompressedMessage,
  wholeMessage,
  writeFrameHeader,
} from "./frame-writer.ts";
import { type Opcode, opcodes, type Role } from "./opcodes.ts";

function encode(role: Role, opcode: Opcode, payload: string, flags = wholeMessage): string {
  return toHex(encodeFrame(fixedKeyPrimitives, role, opcode, Buffer.from(payload, "hex"), flags));
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

describe("frames that are written (RFC 6455 §5.2)", () => {
  it.each([
    ["text Hello", opcodes.text, "48656c6c6f", "810548656c6c6f", "818537fa213d7f9f4d5158"],
    ["text hi", opcodes.text, "6869", "81026869", "818237fa213d5f93"],
    ["ping hi", opcodes.ping, "6869", "89026869", "898237fa213d5f93"],
    ["close 1000", opcodes.close, "03e8", "880203e8", "888237fa213d3412"],
    [
      "close 1001 going away",
      opcodes.close,
      "03e9676f696e672061776179",
      "880c03e9676f696e672061776179",
      "888c37fa213d341346525e94461d568d4044",
    ],
    ["close 1002", opcodes.close, "03ea", "880203ea", "888237fa213d3410"],
    ["close 1007", opcodes.close, "03ef", "880203ef", "888237fa213d3415"],
    ["close 1009", opcodes.close, "03f1", "880203f1", "888237fa213d340b"],
    [
      "close 1012 restart",
      opcodes.close,
      "03f472657374617274",
      "880903f472657374617274",
      "888937fa213d340e5358448e404f43",
    ],
    ["close 4000", opcodes.close, "0fa0", "88020fa0", "888237fa213d385a"],
    ["empty close", opcodes.close, "", "8800", "888037fa213d"],
  ] as const)("%s", (_, opcode, payload, fromServer, fromClient) => {
    expect(encode("server", opcode, payload)).toBe(fromServer);
    expect(encode("client", opcode, payload)).toBe(fromClient);
  });

  it("marks only compressed messages with RSV1 (RFC 7692 §6)", () => {
    expect(encode("server", opcodes.text, "f248cdc9c90700", wholeCompressedMessage)).toBe(
      "c107f248cdc9c90700",
    );
    expect(encode("client", opcodes.text, "f248cdc9c90700", wholeCompressedMessage)).toBe(
      "c18737fa213dc5b2ecf4fefd21",
    );
  });

  it("clears FIN on fragments", () => {
    expect(encode("server", opcodes.text, "61", { fin: false, rsv1: false })).toBe("010161");
    expect(encode("server", opcodes.continuation, "61", { fin: true, rsv1: false })).toBe("800161");
  });

  it.each([
    [0, "8200", "8280"],
    [125, "827d", "82fd"],
    [126, "827e007e", "82fe007e"],
    [65_535, "827effff", "82feffff"],
    [65_536, "827f0000000000010000", "82ff0000000000010000"],
    [Number.MAX_SAFE_INTEGER, "827f001fffffffffffff", "82ff001fffffffffffff"],
  ])("writes a length of %d bytes in the shortest form", (length, fromServer, fromClient) => {
    const target = new Uint8Array(14);
    const end = writeFrameHeader(target, opcodes.binary, wholeMessage, length, false);
    expect(toHex(target.subarray(0, end))).toBe(fromServer);
    expect(frameHeaderLength(length, false)).toBe(end);
    const maskedEnd = writeFrameHeader(target, opcodes.binary, wholeMessage, length, true);
    expect(toHex(target.subarray(0, maskedEnd))).toBe(fromClient);
    expect(frameHeaderLength(length, true)).toBe(maskedEnd + 4);
  });

  it("leaves the caller's bytes as they are when it masks", () => {
    const payload = Buffer.alloc(100, 0x61);
    encodeFrame(nodePrimitives, "client", opcodes.binary, payload);
    expect(payload).toEqual(Buffer.alloc(100, 0x61));
  });

  it("encodes text as the same bytes as its UTF-8, with U+FFFD for lone surrogates", () => {
    const texts = ["", "Hello", "κόσμε", "😀", "a\u{d800}b", "\u{dfff}", "x".repeat(126), "é".repeat(40_000)];
    for (const role of ["server", "client"] as const) {
      for (const text of texts) {
        const expected = encodeFrame(fixedKeyPrimitives, role, opcodes.text, new TextEncoder().encode(text));
        const frame = encodeTextFrame(fixedKeyPrimitives, role, opcodes.text, text);
        expect(Buffer.from(frame).equals(expected)).toBe(true);
      }
    }
  });

  it("draws a new key for every frame (RFC 6455 §5.3)", () => {
    const keys = new Set<string>();
    for (let i = 0; i < 5000; i += 1) {
      const frame = encodeFrame(nodePrimitives, "client", opcodes.ping, new Uint8Array(0));
      keys.add(toHex(frame.subarray(2)));
    }
    // Of 5,000 random 32-bit keys hardly ever two are equal; from a pool used twice half would be.
    expect(keys.size).toBeGreaterThan(4990);
  });
});
