import { describe, expect, it } from "vitest";
import { judgeCloseCode } from "../protocol/close-codes.ts";
import { describeCloseCode } from "./close-code-meaning.ts";
import { fromHex } from "./hex.test.harness.ts";
import { readClosePayload } from "./close-payload.ts";

describe("close codes in words (RFC 6455 §7.4)", () => {
  it.each([
    [1000, "normal", undefined],
    [1006, "abnormal", "close-code-reserved-on-wire"],
    [1012, "service restart", undefined],
    [3008, "timeout", undefined],
    [3999, "registered code", undefined],
    [4009, "application code", undefined],
    [59_395, "not a close code", "close-code-out-of-range"],
  ])("calls %i %s", (code, name, fault) => {
    expect(describeCloseCode(code)).toMatchObject({ code, name, ...(fault && { fault }) });
  });

  it("agrees with the engine on every number that fits into two bytes", () => {
    for (let code = 0; code < 65_536; code += 1) {
      expect(describeCloseCode(code).fault).toBe(judgeCloseCode(code));
    }
  });
});

describe("the payload of a Close frame (RFC 6455 §5.5.1)", () => {
  it("is a code and a reason, or nothing", () => {
    expect(readClosePayload(fromHex("03e8 6f6b"))).toEqual({ code: 1000, reason: "ok" });
    expect(readClosePayload(fromHex(""))).toEqual({ reason: "" });
  });

  it("is named where it breaks a rule", () => {
    expect(readClosePayload(fromHex("03"))).toMatchObject({ name: "close-payload-one-byte" });
    expect(readClosePayload(new Uint8Array(126))).toMatchObject({ name: "frame-control-too-long" });
  });
});
