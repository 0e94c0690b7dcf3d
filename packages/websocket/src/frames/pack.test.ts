import { describe, expect, it } from "vitest";
import { createParser } from "./create-parser.ts";
import { unpack } from "./decode-frame.ts";
import { fromHex, nameThrown, toHex } from "./hex.test.harness.ts";
import { frameFlags, pack } from "./pack.ts";

const server = { role: "server" } as const;
const client = { role: "client" } as const;
const { fin, compress, rsv1, rsv2, rsv3, mask } = frameFlags;

describe("pack with Swoole's flags", () => {
  it("has Swoole's numbers", () => {
    expect(frameFlags).toEqual({ fin: 1, compress: 2, rsv1: 4, rsv2: 8, rsv3: 16, mask: 32 });
  });

  it("makes a whole text frame for a server", () => {
    expect(toHex(pack("ok", 1, fin, server))).toBe("81026f6b");
  });

  it("masks for a client with and without the MASK flag", () => {
    for (const flags of [fin, fin | mask]) {
      const frame = pack("ok", 1, flags, client);
      expect(unpack(frame, { role: "server" })).toMatchObject({
        status: "frame",
        frame: { flags: fin | mask, payload: fromHex("6f6b") },
      });
    }
  });

  it("compresses and sets RSV1 for COMPRESS, with or without the RSV1 flag", () => {
    for (const flags of [fin | compress, fin | compress | rsv1]) {
      expect(toHex(pack("Hello", 1, flags, server))).toBe("c107f248cdc9c90700");
    }
  });

  it("takes a payload that is compressed already for RSV1", () => {
    const payload = Buffer.from("f248cdc9c90700", "hex");
    expect(toHex(pack(payload, 1, fin | rsv1, server))).toBe("c107f248cdc9c90700");
  });

  const refused: readonly [what: string, opcode: number, flags: number, name: string][] = [
    ["flags 0 on text", 1, 0, "frame-pack-without-fin"],
    ["flags 0 on binary", 2, 0, "frame-pack-without-fin"],
    ["COMPRESS without FIN", 1, compress, "frame-pack-without-fin"],
    ["RSV2", 1, fin | rsv2, "frame-rsv2-rsv3-set"],
    ["RSV3", 1, fin | rsv3, "frame-rsv2-rsv3-set"],
    ["MASK on a server's frame", 1, fin | mask, "frame-masked-from-server"],
    ["COMPRESS on a ping", 9, fin | compress, "frame-rsv1-on-control"],
    ["COMPRESS on a continuation", 0, fin | compress, "frame-rsv1-on-continuation"],
    ["a ping without FIN", 9, 0, "frame-control-fragmented"],
    ["an opcode that is not defined", 5, fin, "frame-opcode-reserved"],
    ["a flag that does not exist", 1, 64 | fin, "frame-pack-flags-invalid"],
    ["negative flags", 1, -1, "frame-pack-flags-invalid"],
    ["half a flag", 1, 1.5, "frame-pack-flags-invalid"],
  ];

  it.each(refused)("refuses %s", (_what, opcode, flags, name) => {
    expect(nameThrown(() => pack("", opcode, flags, server))).toBe(name);
  });

  it.each([true, false, undefined, null, "1"])("refuses %s where a number belongs", (flags) => {
    // @ts-expect-error the types refuse it as well
    expect(nameThrown(() => pack("hi", 1, flags, server))).toBe("frame-pack-flags-invalid");
  });

  it("refuses to compress a fragment", () => {
    const options = { ...server, fragment: true };
    expect(nameThrown(() => pack("hi", 1, compress, options))).toBe("frame-pack-compressed-fragment");
  });

  it("refuses to work without a role", () => {
    // @ts-expect-error the types refuse it as well
    expect(nameThrown(() => pack("hi", 1, fin, {}))).toBe("frame-role-missing");
  });

  it("opens a fragmented message only when told to", () => {
    const parser = createParser({ role: "client" });
    expect(parser.push(pack("he", 1, 0, { ...server, fragment: true }))).toEqual([]);
    expect(parser.push(pack("l", 0, 0, server))).toEqual([]);
    expect(parser.push(pack("lo", 0, fin, server))).toMatchObject([{ type: "message", data: "hello" }]);
  });

  it("shows the trap: what fails after a frame without FIN is the next message", () => {
    const parser = createParser({ role: "client" });
    expect(parser.push(pack("one", 1, 0, { ...server, fragment: true }))).toEqual([]);
    expect(parser.push(pack("two", 1, fin, server))).toMatchObject([
      { type: "failed", failure: { name: "frame-continuation-expected" } },
    ]);
  });
});
