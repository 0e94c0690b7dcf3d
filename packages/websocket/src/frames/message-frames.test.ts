import { describe, expect, it } from "vitest";
import { decodeFrame } from "./decode-frame.ts";
import { fromHex, nameThrown, toHex } from "./hex.test.harness.ts";
import {
  createBinaryFrame,
  createMaskedBinaryFrame,
  createMaskedTextFrame,
  createTextFrame,
} from "./message-frames.ts";

const key = fromHex("37fa213d");

describe("whole messages in one frame", () => {
  it("masks every client frame with a key of its own (RFC 6455 §5.3)", () => {
    const keys = new Set(
      Array.from({ length: 100 }, () => toHex(createMaskedTextFrame("hi").subarray(2, 6))),
    );
    expect(keys.size).toBeGreaterThan(95);
  });

  it("counts bytes and not characters in the length", () => {
    expect(toHex(createTextFrame("hé"))).toBe("810368c3a9");
  });

  it("replaces a lone surrogate, since it has no UTF-8", () => {
    expect(toHex(createTextFrame("\ud800"))).toBe("8103efbfbd");
  });

  it("leaves the caller's bytes as they are", () => {
    const bytes = fromHex("0102030405");
    const frame = createMaskedBinaryFrame(bytes);
    expect(toHex(bytes)).toBe("0102030405");
    bytes.fill(0);
    const decoded = decodeFrame(frame, { role: "server" });
    expect(decoded).toMatchObject({ status: "frame", frame: { payload: fromHex("0102030405") } });
  });

  it("gives unmasked frames, which a server refuses from a client", () => {
    for (const frame of [createTextFrame("hi"), createBinaryFrame(fromHex("00"))]) {
      expect(decodeFrame(frame, { role: "server" })).toMatchObject({
        status: "failure",
        failure: { name: "frame-unmasked-from-client" },
      });
    }
  });

  it("throws if a masking key comes without unsafe", () => {
    // @ts-expect-error the types refuse it as well
    expect(nameThrown(() => createMaskedTextFrame("hi", { mask: key }))).toBe("frame-mask-key-chosen");
    const masking = { mask: key, unsafe: false };
    // @ts-expect-error the types refuse it as well
    expect(nameThrown(() => createMaskedBinaryFrame(key, masking))).toBe("frame-mask-key-chosen");
  });

  it("throws if unsafe comes without a masking key, or the key has not four bytes", () => {
    // @ts-expect-error the types refuse it as well
    expect(nameThrown(() => createMaskedTextFrame("hi", { unsafe: true }))).toBe("frame-mask-key-size");
    const short = { mask: key.subarray(1), unsafe: true } as const;
    expect(nameThrown(() => createMaskedTextFrame("hi", short))).toBe("frame-mask-key-size");
  });
});
