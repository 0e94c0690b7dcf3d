import { describe, expect, it } from "vitest";
import { createClose, createPing, createPong } from "./control-frames.ts";
import { decodeFrame } from "./decode-frame.ts";
import { fromHex, nameThrown, toHex } from "./hex.test.harness.ts";

const server = { role: "server" } as const;
const client = { role: "client" } as const;

describe("control frames (RFC 6455 §5.5)", () => {
  it("masks a client's pong, so that a strict server does not cut the connection", () => {
    expect(decodeFrame(createPong("hi", client), { role: "server" })).toMatchObject({
      status: "frame",
      frame: { opcode: 10, payload: fromHex("6869") },
    });
  });

  it("takes 125 bytes and refuses 126", () => {
    expect(createPing(new Uint8Array(125), server)).toHaveLength(127);
    expect(nameThrown(() => createPing(new Uint8Array(126), server))).toBe("frame-control-too-long");
    expect(nameThrown(() => createPong("é".repeat(63), server))).toBe("frame-control-too-long");
  });

  it.each([
    [999, "close-code-out-of-range"],
    [1004, "close-code-reserved-on-wire"],
    [1005, "close-code-reserved-on-wire"],
    [1006, "close-code-reserved-on-wire"],
    [1015, "close-code-reserved-on-wire"],
    [1016, "close-code-out-of-range"],
    [2999, "close-code-out-of-range"],
    [5000, "close-code-out-of-range"],
    [1000.5, "close-code-out-of-range"],
    [Number.NaN, "close-code-out-of-range"],
  ])("refuses to close with %d: %s", (code, name) => {
    expect(nameThrown(() => createClose(code, "", server))).toBe(name);
  });

  it("takes 123 bytes of reason and refuses 124", () => {
    expect(createClose(1000, "x".repeat(123), server)).toHaveLength(127);
    expect(nameThrown(() => createClose(1000, "x".repeat(124), server))).toBe("close-reason-too-long");
  });

  it("refuses a reason without a code, which has no place on the wire", () => {
    expect(nameThrown(() => createClose(undefined, "bye", server))).toBe("close-reason-without-code");
  });

  it("makes an empty Close frame without a code", () => {
    expect(toHex(createClose(undefined, "", server))).toBe("8800");
  });

  it("refuses to work without a role, which decides who masks", () => {
    // @ts-expect-error the types refuse it as well
    expect(nameThrown(() => createPing("", {}))).toBe("frame-role-missing");
    // @ts-expect-error the types refuse it as well
    expect(nameThrown(() => createClose(1000, "", { role: "browser" }))).toBe("frame-role-missing");
  });

  it("refuses a masking key on a server's frame", () => {
    const side = { role: "server", mask: new Uint8Array(4), unsafe: true } as const;
    // @ts-expect-error the types refuse it as well
    expect(nameThrown(() => createPing("", side))).toBe("frame-masked-from-server");
  });
});
