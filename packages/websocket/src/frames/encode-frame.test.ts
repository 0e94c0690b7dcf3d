import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { FailureError } from "../failures/failure.ts";
import { decodeFrame } from "./decode-frame.ts";
import { encodeFrame, type FrameFields } from "./encode-frame.ts";
import { fromHex, nameThrown, toHex } from "./hex.test.harness.ts";

const whole = { role: "server", fin: true, payload: "" } as const;

describe("frames from their fields (RFC 6455 §5.2)", () => {
  const illegal: readonly [what: string, fields: FrameFields, name: string][] = [
    ["RSV2", { ...whole, opcode: 1, rsv2: true }, "frame-rsv2-rsv3-set"],
    ["RSV3", { ...whole, opcode: 1, rsv3: true }, "frame-rsv2-rsv3-set"],
    ["RSV1 on a ping", { ...whole, opcode: 9, rsv1: true }, "frame-rsv1-on-control"],
    ["RSV1 on a continuation", { ...whole, opcode: 0, rsv1: true }, "frame-rsv1-on-continuation"],
    ["opcode 3", { ...whole, opcode: 3 }, "frame-opcode-reserved"],
    ["opcode 11", { ...whole, opcode: 11 }, "frame-opcode-reserved"],
    ["opcode 17, which would pass for 1 in four bits", { ...whole, opcode: 17 }, "frame-opcode-reserved"],
    ["opcode -1", { ...whole, opcode: -1 }, "frame-opcode-reserved"],
    ["a ping without FIN", { ...whole, opcode: 9, fin: false }, "frame-control-fragmented"],
    ["a pong of 126 bytes", { ...whole, opcode: 10, payload: "x".repeat(126) }, "frame-control-too-long"],
    ["a Close of one byte", { ...whole, opcode: 8, payload: "x" }, "close-payload-one-byte"],
    ["Close 1006", { ...whole, opcode: 8, payload: fromHex("03ee") }, "close-code-reserved-on-wire"],
    ["Close 1000 low byte first", { ...whole, opcode: 8, payload: fromHex("e803") }, "close-code-byte-order"],
    ["Close 1000 as text", { ...whole, opcode: 8, payload: "1000" }, "close-code-as-text"],
    [
      "a reason that is no UTF-8",
      { ...whole, opcode: 8, payload: fromHex("03e8ff") },
      "close-reason-invalid-utf8",
    ],
    ["text that is no UTF-8", { ...whole, opcode: 1, payload: fromHex("68ff") }, "message-invalid-utf8"],
  ];

  it.each(illegal)("refuses %s: %s", (_what, fields, name) => {
    expect(nameThrown(() => encodeFrame(fields))).toBe(name);
  });

  it("blames the caller, since nothing is on the wire yet", () => {
    try {
      encodeFrame({ ...whole, opcode: 3 });
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      expect(error.failure.faults).toEqual(["application"]);
      expect(error.failure.closeCode).toBeUndefined();
    }
  });

  it("lets a text fragment end inside a character", () => {
    const frame = encodeFrame({ role: "server", fin: false, opcode: 1, payload: fromHex("c3") });
    expect(toHex(frame)).toBe("0101c3");
  });

  it("sets RSV1 on the first fragment of a compressed message", () => {
    const frame = encodeFrame({ role: "server", fin: false, rsv1: true, opcode: 2, payload: fromHex("f2") });
    expect(toHex(frame)).toBe("4201f2");
  });

  it("is undone by decodeFrame, whatever is legal", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("client" as const, "server" as const),
        fc.constantFrom(0, 1, 2, 9, 10),
        fc.boolean(),
        fc.uint8Array({ maxLength: 300, size: "max" }),
        (role, opcode, isLast, payload) => {
          const fin = opcode > 2 || isLast;
          fc.pre((opcode < 8 || payload.length <= 125) && !(opcode === 1 && fin && !isUtf8(payload)));
          const frame = encodeFrame({ role, fin, opcode, payload });
          const receiver = role === "client" ? "server" : "client";
          const decoded = decodeFrame(frame, { role: receiver });
          if (decoded.status !== "frame") throw new Error(decoded.status);
          expect(toHex(decoded.frame.payload)).toBe(toHex(payload));
          expect(decoded.frame).toMatchObject({ fin, opcode, rsv1: false });
          expect(decoded.consumed).toBe(frame.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function isUtf8(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString("utf8")).equals(bytes);
}
