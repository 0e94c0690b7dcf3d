import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePublication, encodePublication, readPublicationTarget } from "./publication-encoding.ts";

const text = fc.string({ unit: "grapheme", maxLength: 30 });

const headerBytes = 7;

describe("publications between nodes", () => {
  it("arrive as they were sent, and tell whom they concern", () => {
    fc.assert(
      fc.property(text, text, text, text, (appId, channel, event, socketId) => {
        const publication = { appId, channel, text: event, exceptSocketId: socketId || undefined };
        const payload = encodePublication(publication, headerBytes)?.subarray(headerBytes) ?? Buffer.alloc(0);
        expect(decodePublication(payload)).toEqual(publication);
        expect(readPublicationTarget(payload)).toEqual({ appId, channel });
      }),
      { numRuns: 200 },
    );
  });

  it("are none when the bytes end before their texts do", () => {
    const frame = encodePublication(
      { appId: "1", channel: "a", text: "", exceptSocketId: "1.1" },
      headerBytes,
    );
    const payload = frame?.subarray(headerBytes) ?? Buffer.alloc(0);
    for (let length = 0; length < payload.length; length++) {
      expect(decodePublication(payload.subarray(0, length))).toBeUndefined();
    }
    expect(decodePublication(payload)?.exceptSocketId).toBe("1.1");
  });

  it("are not made of a channel that is longer than any name may be", () => {
    expect(encodePublication({ appId: "1", channel: "a".repeat(65_536), text: "" }, 0)).toBeUndefined();
  });
});
