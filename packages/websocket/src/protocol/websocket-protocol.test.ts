import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createProtocol,
  createRandom,
  cutRandomly,
  type DriverOptions,
  ProtocolDriver,
} from "../../../../test/support/protocol-driver.ts";
import { buildPeerFrame, peerFrames } from "../../../../test/support/peer-frames.ts";
import { engineFailures } from "../failures/engine-failures.ts";
import { opcodes, type Role } from "./opcodes.ts";
import type { NegotiatedDeflate } from "./permessage-deflate.ts";
import type { ProtocolEvent, WebSocketProtocol } from "./websocket-protocol.ts";

const roles: readonly Role[] = ["server", "client"];

function otherRole(role: Role): Role {
  return role === "server" ? "client" : "server";
}

const deflate: NegotiatedDeflate = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

function readAll(protocol: WebSocketProtocol, bytes: Uint8Array): ProtocolEvent[] {
  const events: ProtocolEvent[] = [];
  protocol.receive(bytes);
  for (let event = protocol.nextEvent(); event; event = protocol.nextEvent()) events.push(event);
  return events;
}

function toHex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}

function buildStream(role: Role, frames: Parameters<typeof buildPeerFrame>[1][]): Buffer {
  return Buffer.concat(frames.map((frame) => buildPeerFrame(role, frame)));
}

/** What the rules say of every run, whatever the bytes. */
function expectLawfulEnd(driver: ProtocolDriver): void {
  const last = driver.events.findIndex((event) => event.type === "failed" || event.type === "close");
  if (last === -1) {
    expect(driver.protocol.state).toBe("open");
    return;
  }
  expect(last, "nothing follows the end").toBe(driver.events.length - 1);
  expect(driver.protocol.state).toBe(driver.events[last]?.type === "close" ? "closing-remote" : "failing");
  const closes = driver.output.filter((hex) => hex.startsWith("88"));
  expect(closes.length).toBeLessThanOrEqual(1);
  if (closes.length === 1) expect(driver.output.at(-1)).toBe(closes[0]);
}

describe.each(roles)("any bytes to a %s", (role) => {
  const options: readonly DriverOptions[] = [
    {},
    { strictness: "compat" },
    { deflate },
    { maxMessageBytes: 100, maxFrameBytes: 64, maxFragments: 2, accepts: ["text"] },
  ];

  it("give the same events and answers however they are cut", () => {
    fc.assert(
      fc.property(
        peerFrames,
        fc.constantFrom(...options),
        fc.nat(),
        fc.nat(40),
        (frames, option, seed, longest) => {
          const stream = buildStream(role, frames);
          const whole = new ProtocolDriver(role, option);
          whole.feed(stream);
          const pieces = new ProtocolDriver(role, option);
          const step = stream.length > 2000 ? 2000 : longest + 1;
          for (const piece of cutRandomly(stream, createRandom(seed), step)) pieces.feed(piece);
          expect(pieces.events).toEqual(whole.events);
          expect(pieces.output).toEqual(whole.output);
          expect(pieces.protocol.state).toBe(whole.protocol.state);
          expectLawfulEnd(whole);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("never throw when they are random, and end in waiting, one failure or one close", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...options), (bytes, option) => {
        const driver = new ProtocolDriver(role, option);
        driver.feed(bytes);
        expectLawfulEnd(driver);
      }),
      { numRuns: 1000 },
    );
  });

  it("never throw when they are a compressed message of random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (payload, fin) => {
        const driver = new ProtocolDriver(role, { deflate, maxMessageBytes: 5000 });
        driver.feed(buildPeerFrame(role, { fin, rsv: 4, opcode: 2, payload }));
        if (!fin) driver.feed(buildPeerFrame(role, { fin: true, opcode: 0, payload: new Uint8Array(0) }));
        expectLawfulEnd(driver);
        expect(driver.events.filter((event) => event.type !== "warning").length).toBe(1);
      }),
      { numRuns: 500 },
    );
  });

  it("are not looked at after a failure or a close", () => {
    fc.assert(
      fc.property(peerFrames, fc.constantFrom("83", "8c00"), (frames, hex) => {
        const first =
          hex === "83"
            ? Buffer.from(hex, "hex")
            : buildPeerFrame(role, { fin: true, opcode: 8, payload: Buffer.alloc(0) });
        const driver = new ProtocolDriver(role);
        driver.feed(first);
        const { events, output } = driver;
        expect([events.length, output.length]).toEqual([1, 1]);
        driver.feed(buildStream(role, frames));
        expect([events.length, output.length]).toEqual([1, 1]);
        expect(driver.protocol.encodeMessage("x", false)).toMatchObject({ name: "send-after-close" });
        expect(driver.protocol.encodePing(Buffer.alloc(0))).toMatchObject({ name: "send-after-close" });
        expect(driver.protocol.encodePong(Buffer.alloc(0))).toMatchObject({ name: "send-after-close" });
      }),
      { numRuns: 50 },
    );
  });
});

describe.each(roles)("what a %s writes", (role) => {
  const size = fc.oneof(
    { weight: 4, arbitrary: fc.nat(300) },
    { weight: 1, arbitrary: fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000) },
  );
  const binary = fc.tuple(size, fc.nat()).map(([length, seed]) => {
    const random = createRandom(seed);
    // Half noise and half runs, so that compression finds something.
    return Uint8Array.from({ length }, (_, at) => (at % 64 < 32 ? 7 : Math.floor(random() * 256)));
  });
  const message = fc.record({
    data: fc.oneof(fc.string({ unit: "grapheme", maxLength: 300 }), binary),
    compress: fc.boolean(),
  });
  const windowBits = fc.integer({ min: 8, max: 15 });
  const negotiated = fc.option(
    fc.record({
      serverNoContextTakeover: fc.boolean(),
      clientNoContextTakeover: fc.boolean(),
      serverMaxWindowBits: windowBits,
      clientMaxWindowBits: windowBits,
    }),
    { nil: undefined },
  );

  it("the other side reads as the same messages, for all sizes and ways to compress", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), negotiated, (messages, agreed) => {
        const options = agreed ? { deflate: agreed } : {};
        const writer = createProtocol(role, options);
        const reader = createProtocol(otherRole(role), options);
        for (const { data, compress } of messages) {
          const frame = writer.encodeMessage(data, compress);
          if ("name" in frame) expect.unreachable(frame.message);
          const [event, ...rest] = readAll(reader, Buffer.from(frame)).filter(
            ({ type }) => type !== "warning",
          );
          expect(rest).toEqual([]);
          if (event?.type !== "message") expect.unreachable(event?.type);
          expect(event.compressed).toBe(compress && agreed !== undefined);
          if (typeof data === "string") expect(event.data).toBe(data);
          else expect(Buffer.from(data).equals(Buffer.from(event.data))).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("the other side answers in the closing handshake", () => {
    const ours = createProtocol(role);
    const theirs = createProtocol(otherRole(role));
    ours.close(3000, "done");
    const heard = readAll(theirs, Buffer.concat(ours.takeOutput()));
    expect(heard).toEqual([{ type: "close", close: { code: 3000, reason: "done" } }]);
    expect(readAll(ours, Buffer.concat(theirs.takeOutput()))).toEqual([
      { type: "close", close: { code: 3000, reason: "" } },
    ]);
    expect([ours.state, theirs.state]).toEqual(["closing-remote", "closing-remote"]);
    expect([ours.sentClose, ours.receivedClose]).toEqual([
      { code: 3000, reason: "done" },
      { code: 3000, reason: "" },
    ]);
  });
});

function buildMaskedFrame(opcode: number, payload: Uint8Array, rsv = 0): Buffer {
  return buildPeerFrame("server", { fin: true, rsv, opcode, payload });
}

describe("memory of what is read", () => {
  it("is the receiver's own: the socket may use its buffer again", () => {
    const protocol = createProtocol("server");
    const chunk = Buffer.concat([
      buildMaskedFrame(2, Buffer.from("keep")),
      buildMaskedFrame(9, Buffer.from("ping")),
    ]);
    const [message, ping] = readAll(protocol, chunk);
    chunk.fill(0);
    expect(message).toMatchObject({ type: "message", data: Buffer.from("keep") });
    expect(ping).toMatchObject({ type: "ping", payload: Buffer.from("ping") });
  });

  it("does not keep a large chunk for a small message", () => {
    const chunk = Buffer.concat([buildMaskedFrame(2, Buffer.alloc(5000, 1)), Buffer.alloc(60_000)]);
    const [message] = readAll(createProtocol("server"), chunk);
    if (message?.type !== "message" || typeof message.data === "string") expect.unreachable();
    expect(message.data.buffer.byteLength).toBeLessThan(10_000);
  });

  it("does not keep an inflater's output buffer for a small message", () => {
    const random = createRandom(5);
    const noise = Buffer.from(Array.from({ length: 4090 }, () => Math.floor(random() * 256)));
    const payload = createProtocol("client", { deflate }).deflater?.deflate(noise) ?? noise;
    const [message] = readAll(createProtocol("server", { deflate }), buildMaskedFrame(2, payload, 4));
    if (message?.type !== "message" || typeof message.data === "string") expect.unreachable();
    expect(noise.equals(message.data)).toBe(true);
    expect(message.data.buffer.byteLength).toBeLessThanOrEqual(8192);
  });

  it("is not set aside for a length that was only announced", () => {
    const protocol = createProtocol("server", { maxMessageBytes: 2 ** 40 });
    const before = process.memoryUsage().arrayBuffers;
    expect(readAll(protocol, Buffer.from("82ff000000100000000037fa213d61", "hex"))).toEqual([]);
    expect(protocol.isMessageOpen).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });
});

describe("an unfinished message", () => {
  it.each(["a Close frame", "a failure", "the end of TCP"])("is let go with %s", (end) => {
    const protocol = createProtocol("client");
    readAll(protocol, Buffer.from("0103616263", "hex"));
    expect(protocol.isMessageOpen).toBe(true);
    if (end === "a Close frame") readAll(protocol, Buffer.from("8800", "hex"));
    else if (end === "a failure") readAll(protocol, Buffer.from("83", "hex"));
    else protocol.receiveEnd("fin");
    expect(protocol.isMessageOpen).toBe(false);
  });
});

describe("failing the connection (RFC 6455 §7.1.7)", () => {
  const failure = engineFailures.create("ping-flood", { perSecond: 1 });
  const ping = buildPeerFrame("server", { fin: true, opcode: opcodes.ping, payload: Buffer.alloc(0) });
  const close = buildPeerFrame("server", {
    fin: true,
    opcode: opcodes.close,
    payload: Buffer.from([0x03, 0xe8]),
  });

  it("drops pongs that wait and says why in the Close frame", () => {
    const protocol = createProtocol("server");
    readAll(protocol, Buffer.from(ping));
    protocol.fail(failure);
    expect(protocol.takeOutput().map(toHex)).toEqual(["880c03f070696e672d666c6f6f64"]);
    expect(protocol.failure).toBe(failure);
    expect(protocol.sentClose).toEqual({ code: 1008, reason: "ping-flood" });
  });

  it("keeps a Close frame of ours that waits to be written", () => {
    const protocol = createProtocol("server");
    protocol.close(1001);
    protocol.fail(failure);
    expect(protocol.takeOutput().map(toHex)).toEqual(["880203e9"]);
    expect(protocol.state).toBe("failing");
  });

  it("does nothing once both Close frames have passed", () => {
    const protocol = createProtocol("server");
    readAll(protocol, Buffer.from(close));
    protocol.fail(failure);
    expect(protocol.takeOutput().map(toHex)).toEqual(["880203e8"]);
    expect(protocol.failure).toBeUndefined();
    expect(protocol.state).toBe("closing-remote");
  });

  it("keeps the first failure", () => {
    const protocol = createProtocol("server");
    protocol.fail(failure);
    protocol.fail(engineFailures.create("idle-timeout", { idleMs: 1 }));
    expect(protocol.failure).toBe(failure);
    expect(protocol.takeOutput()).toHaveLength(1);
  });
});

describe("the output", () => {
  it("is handed out once", () => {
    const protocol = createProtocol("server");
    const before = protocol.takeOutput();
    protocol.close(1000);
    expect(before).toEqual([]);
    expect(protocol.takeOutput()).toHaveLength(1);
    expect(protocol.takeOutput()).toEqual([]);
  });
});

describe("compressed messages of ours (RFC 7692 §7.2.1)", () => {
  it("are sent plain where compression was not negotiated", () => {
    const frame = createProtocol("server").encodeMessage("Hello", true);
    expect("name" in frame ? frame.name : toHex(frame)).toBe("810548656c6c6f");
  });

  it("refer back to earlier ones with context takeover", () => {
    const protocol = createProtocol("server", { deflate });
    const frames = [1, 2].map(() => protocol.encodeMessage("Hello", true));
    expect(frames.map((frame) => ("name" in frame ? frame.name : toHex(frame)))).toEqual([
      "c107f248cdc9c90700",
      "c105f200110000",
    ]);
  });
});
