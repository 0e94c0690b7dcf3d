import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { createClose, createPing } from "./control-frames.ts";
import { createParser } from "./create-parser.ts";
import { encodeFrame } from "./encode-frame.ts";
import { createMaskedTextFrame } from "./message-frames.ts";
import { fromHex, nameThrown, toHex } from "./hex.test.harness.ts";

const client = { role: "client" } as const;

describe("the engine's parser, pushed", () => {
  it("gives messages, pings and the Close frame in order, in any pieces", () => {
    const stream = Buffer.concat([
      encodeFrame({ ...client, fin: false, opcode: 1, payload: "hel" }),
      createPing("now", client),
      encodeFrame({ ...client, fin: true, opcode: 0, payload: "lo" }),
      createClose(1000, "bye", client),
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: stream.length }), { maxLength: 12 }), (cuts) => {
        const parser = createParser({ role: "server" });
        const borders = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        const events = borders.flatMap((border, index) =>
          parser.push(stream.subarray(borders[index - 1] ?? 0, border)),
        );
        expect(events).toMatchObject([
          { type: "ping", payload: Buffer.from("now") },
          { type: "message", data: "hello", fragments: 2 },
          { type: "close", close: { code: 1000, reason: "bye" } },
        ]);
      }),
      { numRuns: 100 },
    );
  });

  it("owes the answer to the latest ping only", () => {
    const parser = createParser({ role: "server" });
    for (let i = 0; i < 1000; i += 1) parser.push(createPing(String(i), client));
    expect(toHex(parser.takeOutput())).toBe(`8a03${toHex(Buffer.from("999"))}`);
    expect(parser.takeOutput()).toHaveLength(0);
  });

  it("owes a Close frame after a failure, and reads nothing more", () => {
    const parser = createParser({ role: "server" });
    expect(parser.push(fromHex("8102"))).toMatchObject([
      { type: "failed", failure: { name: "frame-unmasked-from-client" } },
    ]);
    expect(parser.state).toBe("failing");
    expect(parser.push(createMaskedTextFrame("hi"))).toEqual([]);
    expect(parser.takeOutput().subarray(0, 4)).toEqual(Buffer.from("881c03ea", "hex"));
  });

  it("inflates where compression was agreed on", () => {
    const parser = createParser({ role: "client", deflate: true });
    const events = parser.push(fromHex("c107f248cdc9c90700 c105f200110000"));
    expect(events).toMatchObject([
      { type: "message", data: "Hello", compressed: true },
      { type: "message", data: "Hello", compressed: true },
    ]);
  });

  it("keeps the limits it is given", () => {
    const parser = createParser({ role: "client", limits: { maxMessageBytes: 4 } });
    expect(parser.push(fromHex("8105"))).toMatchObject([{ failure: { name: "message-too-large" } }]);
  });

  it("only warns of a long length form in compat", () => {
    const parser = createParser({ role: "client", strictness: "compat" });
    expect(parser.push(fromHex("817e00026869"))).toMatchObject([
      { type: "warning", failure: { name: "frame-length-not-minimal" } },
      { type: "message", data: "hi" },
    ]);
  });

  it("tells a stream that ends inside a frame from one that ends without a Close frame", () => {
    const cut = createParser({ role: "client" });
    cut.push(fromHex("810568"));
    expect(cut.end()?.name).toBe("stream-truncated-frame");
    expect(createParser({ role: "client" }).end()?.name).toBe("close-without-frame");
    const closed = createParser({ role: "client" });
    closed.push(fromHex("8800"));
    expect(closed.end()).toBeUndefined();
  });

  it("refuses to work without a role", () => {
    // @ts-expect-error the types refuse it as well
    expect(nameThrown(() => createParser({}))).toBe("frame-role-missing");
  });

  it("never throws on bytes and never changes them", () => {
    const roles = fc.constantFrom("client" as const, "server" as const);
    fc.assert(
      fc.property(roles, fc.uint8Array({ maxLength: 64 }), fc.boolean(), (role, bytes, deflate) => {
        const before = toHex(bytes);
        createParser({ role, deflate }).push(bytes);
        expect(toHex(bytes)).toBe(before);
      }),
      { numRuns: 2000 },
    );
  });
});
