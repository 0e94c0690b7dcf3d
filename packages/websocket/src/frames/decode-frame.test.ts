import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { decodeFrame, unpack } from "./decode-frame.ts";
import { createBinaryFrame, createMaskedBinaryFrame } from "./message-frames.ts";
import { fromHex, nameThrown, toHex } from "./hex.test.harness.ts";

describe("one frame from bytes", () => {
  it("reads a client's frame as the server that receives it", () => {
    expect(decodeFrame(fromHex("81 82 37fa213d 5f93"), { role: "server" })).toEqual({
      status: "frame",
      consumed: 8,
      frame: {
        fin: true,
        rsv1: false,
        opcode: 1,
        flags: 33,
        maskingKey: fromHex("37fa213d"),
        payload: Uint8Array.from(Buffer.from("hi")),
      },
    });
  });

  it("reads code and reason of a Close frame", () => {
    expect(decodeFrame(fromHex("88 05 03e9 627965"), { role: "client" })).toMatchObject({
      frame: { close: { code: 1001, reason: "bye" } },
    });
    expect(decodeFrame(fromHex("8800"), { role: "client" })).toMatchObject({
      frame: { close: { reason: "" } },
    });
  });

  it("stops at the end of the first frame", () => {
    const two = fromHex("81 82 37fa213d 5f9f 4452");
    const first = decodeFrame(two, { role: "server" });
    if (first.status !== "frame") expect.unreachable();
    expect(Buffer.from(first.frame.payload).toString()).toBe("he");
    expect(decodeFrame(two.subarray(first.consumed), { role: "server" })).toMatchObject({
      status: "failure",
      failure: { name: "frame-rsv1-without-deflate" },
    });
  });

  it.each([
    ["", 2],
    ["81", 2],
    ["8182", 8],
    ["818237fa213d5f", 8],
    ["81fe", 8],
    ["81fe0100", 264],
    ["81ff", 14],
    ["81fe0100aabbccdd", 264],
  ])("needs more than %j: at least %i bytes", (hex, atLeast) => {
    expect(decodeFrame(fromHex(hex), { role: "server" })).toEqual({ status: "need-more", atLeast });
  });

  it.each([
    ["8102", "server", "frame-unmasked-from-client"],
    ["8182", "client", "frame-masked-from-server"],
    ["c105", "client", "frame-rsv1-without-deflate"],
    ["a1", "client", "frame-rsv2-rsv3-set"],
    ["83", "client", "frame-opcode-reserved"],
    ["09", "client", "frame-control-fragmented"],
    ["897e", "client", "frame-control-too-long"],
    ["817e0005", "client", "frame-length-not-minimal"],
    ["827f80", "client", "frame-length-msb-set"],
    ["880103", "client", "close-payload-one-byte"],
    ["880203ed", "client", "close-code-reserved-on-wire"],
    ["8102c328", "client", "message-invalid-utf8"],
    ["827f0000000000100001", "client", "frame-too-large"],
  ] as const)("fails on %s for a %s with %s", (hex, role, name) => {
    expect(decodeFrame(fromHex(hex), { role })).toMatchObject({ status: "failure", failure: { name } });
  });

  it("takes a continuation frame, since it cannot know what came before", () => {
    expect(decodeFrame(fromHex("800161"), { role: "client" })).toMatchObject({ frame: { opcode: 0 } });
  });

  it("takes RSV1 where compression was agreed on, and leaves the payload compressed", () => {
    const bytes = fromHex("c107f248cdc9c90700");
    expect(decodeFrame(bytes, { role: "client", deflate: true })).toMatchObject({
      frame: { rsv1: true, flags: 5, payload: fromHex("f248cdc9c90700") },
    });
  });

  it("takes larger frames when asked to", () => {
    const frame = createBinaryFrame(new Uint8Array(2 ** 20 + 1));
    const options = { role: "client", maxFrameBytes: 2 ** 21 } as const;
    expect(decodeFrame(frame, options)).toMatchObject({ status: "frame", consumed: frame.length });
  });

  it("is Swoole's unpack by another name", () => {
    expect(unpack(fromHex("8900"), { role: "client" })).toMatchObject({ frame: { opcode: 9, flags: 1 } });
  });

  it("throws only without a role", () => {
    // @ts-expect-error the types refuse it as well
    expect(nameThrown(() => decodeFrame(fromHex("8900"), {}))).toBe("frame-role-missing");
  });

  it("never throws on bytes, never changes them, and never consumes more than there is", () => {
    const roles = fc.constantFrom("client" as const, "server" as const);
    fc.assert(
      fc.property(roles, fc.uint8Array({ maxLength: 40 }), fc.boolean(), (role, bytes, deflate) => {
        const before = toHex(bytes);
        const decoded = decodeFrame(bytes, { role, deflate });
        expect(toHex(bytes)).toBe(before);
        if (decoded.status === "frame") expect(decoded.consumed).toBeLessThanOrEqual(bytes.length);
        if (decoded.status === "need-more") expect(decoded.atLeast).toBeGreaterThan(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  it("asks for the right number of bytes at every cut", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: "max" }), fc.nat(), (payload, cut) => {
        const frame = createMaskedBinaryFrame(payload);
        const part = frame.subarray(0, cut % frame.length);
        const decoded = decodeFrame(part, { role: "server" });
        if (decoded.status !== "need-more") throw new Error(decoded.status);
        expect(decoded.atLeast).toBeLessThanOrEqual(frame.length);
        const next = decodeFrame(frame.subarray(0, decoded.atLeast), { role: "server" });
        if (decoded.atLeast === frame.length) expect(next.status).toBe("frame");
      }),
      { numRuns: 300 },
    );
  });
});
