/**
 * The `ws` package as an oracle: the same bytes give the same messages, or both sides fail with the same close code.
 * Where this engine means to differ, a case says so and why.
 */
import { constants, deflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as ws from "ws";
import {
  describeBytes,
  type DriverOptions,
  ProtocolDriver,
} from "../../../../test/support/protocol-driver.ts";
import { buildPeerFrame, type PeerFrame, peerFrames } from "../../../../test/support/peer-frames.ts";
import type { Role } from "./opcodes.ts";

interface OracleReceiver {
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): void;
  on(event: "ping" | "pong", listener: (data: Buffer) => void): void;
  on(event: "conclude", listener: (code: number, reason: Buffer) => void): void;
  on(event: "error", listener: () => void): void;
  write(bytes: Uint8Array, done: (error: Error | null | undefined) => void): void;
}

interface OracleDeflate {
  accept(offers: readonly Record<string, readonly unknown[]>[]): unknown;
  cleanup(): void;
}

// Exported by ws but unknown to its types.
const { Receiver, PerMessageDeflate } = ws as unknown as {
  readonly Receiver: new (options: object) => OracleReceiver;
  readonly PerMessageDeflate: new (options: object) => OracleDeflate;
};

interface Outcome {
  readonly events: readonly string[];
  /** The close code that the failure asks for; `undefined` if nothing failed. */
  readonly failedWith: number | undefined;
}

interface Settings {
  readonly maxMessageBytes?: number;
  readonly maxFragments?: number;
  /** Whether the sender keeps its context. Without it compression is not negotiated. */
  readonly contextTakeover?: boolean;
}

function runOurs(role: Role, bytes: Uint8Array, settings: Settings): Outcome & { readonly failure?: string } {
  const { contextTakeover, ...limits } = settings;
  const options: DriverOptions =
    contextTakeover === undefined
      ? limits
      : {
          ...limits,
          deflate: {
            serverNoContextTakeover: !contextTakeover,
            clientNoContextTakeover: !contextTakeover,
            serverMaxWindowBits: 15,
            clientMaxWindowBits: 15,
          },
        };
  const driver = new ProtocolDriver(role, options);
  driver.feed(bytes);
  const events: string[] = [];
  for (const event of driver.events) {
    if (event.type === "message") events.push(`${event.kind} ${event.data}`);
    else if (event.type === "close") events.push(`close ${event.code ?? 1005} ${event.reason}`);
    else if (event.type === "ping" || event.type === "pong") events.push(`${event.type} ${event.payload}`);
  }
  const { failure } = driver.protocol;
  if (failure === undefined) return { events, failedWith: undefined };
  // Nothing is written to a peer that does not speak WebSocket; ws says 1002 to it.
  return { events, failedWith: failure.closeCode ?? 1002, failure: failure.name };
}

async function runOracle(role: Role, bytes: Uint8Array, settings: Settings): Promise<Outcome> {
  const isServer = role === "server";
  const { contextTakeover, maxMessageBytes = 1024 * 1024, maxFragments = 131_072 } = settings;
  const extensions: Record<string, OracleDeflate> = {};
  if (contextTakeover !== undefined) {
    const deflate = new PerMessageDeflate({ isServer, maxPayload: maxMessageBytes });
    const direction = isServer ? "client_no_context_takeover" : "server_no_context_takeover";
    deflate.accept([contextTakeover ? {} : { [direction]: [true] }]);
    extensions["permessage-deflate"] = deflate;
  }
  const receiver = new Receiver({ isServer, maxPayload: maxMessageBytes, maxFragments, extensions });
  const events: string[] = [];
  receiver.on("message", (data, isBinary) => {
    events.push(`${isBinary ? "binary" : "text"} ${describeBytes(data)}`);
  });
  receiver.on("ping", (data) => events.push(`ping ${data.toString("hex")}`));
  receiver.on("pong", (data) => events.push(`pong ${data.toString("hex")}`));
  receiver.on("conclude", (code, reason) => events.push(`close ${code} ${reason.toString()}`));
  receiver.on("error", () => undefined);
  const error = await new Promise<Error | null | undefined>((resolve) => {
    receiver.write(Buffer.from(bytes), resolve);
  });
  for (const deflate of Object.values(extensions)) deflate.cleanup();
  return { events, failedWith: error ? readStatusCode(error) : undefined };
}

function readStatusCode(error: Error): number {
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === "status-code");
  return symbol === undefined ? 1002 : Number(Reflect.get(error, symbol));
}

const roles: readonly Role[] = ["server", "client"];

async function expectSame(role: Role, bytes: Uint8Array, settings: Settings): Promise<void> {
  const { events, failedWith } = runOurs(role, bytes, settings);
  expect({ events, failedWith }).toEqual(await runOracle(role, bytes, settings));
}

describe.each(roles)("the same bytes to a %s here and in ws", (role) => {
  it("give the same messages or fail with the same code", async () => {
    // Only ASCII where the frames are faulty: bad UTF-8 in fragments is reported earlier here, see below.
    const frames = peerFrames.map((all) =>
      all.map((frame) =>
        frame.rsv === undefined ? frame : { ...frame, payload: frame.payload.map((byte) => byte & 0x7f) },
      ),
    );
    await fc.assert(
      fc.asyncProperty(frames, fc.constantFrom({}, { maxMessageBytes: 80 }), async (all, settings) => {
        await expectSame(role, Buffer.concat(all.map((frame) => buildPeerFrame(role, frame))), settings);
      }),
      { numRuns: 400 },
    );
  });

  it("agree on which text is UTF-8", async () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.string({ unit: "binary", maxLength: 6 }).map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(payload, fc.boolean(), async (bytes, inClose) => {
        const frame: PeerFrame = inClose
          ? { fin: true, opcode: 8, payload: Buffer.concat([Buffer.from([0x03, 0xe8]), bytes]) }
          : { fin: true, opcode: 1, payload: bytes };
        await expectSame(role, buildPeerFrame(role, frame), {});
      }),
      { numRuns: 200 },
    );
  });

  it("agree on every close code", async () => {
    const codes = [
      ...Array.from({ length: 50 }, (_, at) => 990 + at),
      0,
      1,
      2999,
      3000,
      3999,
      4000,
      4999,
      5000,
      65_535,
    ];
    for (const code of codes) {
      const payload = Buffer.from([code >> 8, code & 0xff]);
      await expectSame(role, buildPeerFrame(role, { fin: true, opcode: 8, payload }), {});
    }
  });

  it("agree on compressed messages, whole and in fragments", async () => {
    const message = fc.tuple(fc.string({ unit: "grapheme", maxLength: 200 }), fc.nat());
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 5 }), async (messages) => {
        const frames = messages.flatMap(([text, cut]): PeerFrame[] => {
          const flushed = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
          const payload = text === "" ? Buffer.from([0]) : flushed.subarray(0, -4);
          const border = cut % payload.length;
          return [
            { fin: false, rsv: 4, opcode: 1, payload: payload.subarray(0, border) },
            { fin: true, opcode: 0, payload: payload.subarray(border) },
          ];
        });
        const bytes = Buffer.concat(frames.map((frame) => buildPeerFrame(role, frame)));
        await expectSame(role, bytes, { contextTakeover: false });
      }),
      { numRuns: 60 },
    );
  });
});

interface IntendedDifference {
  readonly what: string;
  readonly why: string;
  /** As a server sends it; both sides are run as clients. */
  readonly hex: string;
  readonly settings?: Settings;
  readonly ours: { readonly events: readonly string[]; readonly failure?: string; readonly code?: number };
  readonly oracle: Outcome;
}

const hello = "text 48656c6c6f";
const incompressible = Buffer.from(Array.from({ length: 100 }, (_, at) => (at * at * 31 + at * 7) & 0xff));
const stored = deflateRawSync(incompressible, { finishFlush: constants.Z_SYNC_FLUSH, level: 0 }).subarray(
  0,
  -4,
);

const intendedDifferences: readonly IntendedDifference[] = [
  {
    what: "a length in a longer form than needed",
    why: "the minimal form is a MUST, and anything else hides frames from filters",
    hex: "817e000548656c6c6f",
    ours: { events: [], failure: "frame-length-not-minimal", code: 1002 },
    oracle: { events: [hello], failedWith: undefined },
  },
  {
    what: "a length with the top bit set",
    why: "the frame is invalid, not too big",
    hex: "827f8000000000000000",
    ours: { events: [], failure: "frame-length-msb-set", code: 1002 },
    oracle: { events: [], failedWith: 1009 },
  },
  {
    what: "the first byte of a bad frame",
    why: "a violation is reported with the byte that proves it",
    hex: "83",
    ours: { events: [], failure: "frame-opcode-reserved", code: 1002 },
    oracle: { events: [], failedWith: undefined },
  },
  {
    what: "bad UTF-8 in an unfinished frame",
    why: "no later byte can mend it",
    hex: "8105ff",
    ours: { events: [], failure: "message-invalid-utf8", code: 1007 },
    oracle: { events: [], failedWith: undefined },
  },
  {
    what: "bad UTF-8 in an unfinished message",
    why: "no later fragment can mend it, and nothing after it is delivered",
    hex: "0101ff8900",
    ours: { events: [], failure: "message-invalid-utf8", code: 1007 },
    oracle: { events: ["ping "], failedWith: undefined },
  },
  {
    what: "a message of too many fragments",
    why: "the number of pieces is a limit of size",
    hex: "010161000162800163",
    settings: { maxFragments: 2 },
    ours: { events: [], failure: "message-too-many-fragments", code: 1009 },
    oracle: { events: [], failedWith: 1008 },
  },
  {
    what: "a thousand empty fragments",
    why: "they cost work and carry nothing",
    hex: `0100${"0000".repeat(1001)}`,
    ours: { events: [], failure: "message-empty-fragment-flood", code: 1008 },
    oracle: { events: [], failedWith: undefined },
  },
  {
    what: "a reference behind a final block",
    why: "a final block ends a DEFLATE stream, not the context (RFC 7692 §7.2.3.4)",
    hex: "c108f348cdc9c9070000c105f200110000",
    settings: { contextTakeover: true },
    ours: { events: [hello, hello] },
    oracle: { events: [hello], failedWith: 1007 },
  },
  {
    what: "a compressed message that is cut off",
    why: "what inflates, with the flush tail read as data, is not what was sent",
    hex: "c104f248cdc9",
    settings: { contextTakeover: false },
    ours: { events: [], failure: "deflate-data-corrupt", code: 1007 },
    oracle: { events: ["text 48656c68"], failedWith: undefined },
  },
  {
    what: "a compressed message without a byte",
    why: "an empty message is the byte 00 (RFC 7692 §7.2.3.6)",
    hex: "c100",
    settings: { contextTakeover: false },
    ours: { events: [], failure: "deflate-data-corrupt", code: 1007 },
    oracle: { events: ["text "], failedWith: undefined },
  },
  {
    what: "flush tails that were not removed, with context takeover",
    why: "the mistake is plain and harmless: a warning says so and all messages are read",
    hex: "c10bf248cdc9c907000000ffffc109f2001100000000ffff",
    settings: { contextTakeover: true },
    ours: { events: [hello, hello] },
    oracle: { events: [hello], failedWith: 1007 },
  },
  {
    what: "a message that is longer compressed than plain, at the limit",
    why: "the limit is on the message, not on its compressed form",
    hex: Buffer.concat([Buffer.from([0xc2, stored.length]), stored]).toString("hex"),
    settings: { contextTakeover: false, maxMessageBytes: 100 },
    ours: { events: [`binary ${incompressible.toString("hex")}`] },
    oracle: { events: [], failedWith: 1009 },
  },
  {
    what: "more than sixteen final blocks in one message",
    why: "each costs a new inflater for two bytes on the wire",
    hex: `c123${"0300".repeat(17)}00`,
    settings: { contextTakeover: false },
    ours: { events: [], failure: "deflate-data-corrupt", code: 1007 },
    oracle: { events: ["text "], failedWith: undefined },
  },
];

describe("differences from ws that are meant", () => {
  it.each(intendedDifferences)("$what: $why", async ({ hex, settings = {}, ours, oracle }) => {
    const bytes = Buffer.from(hex, "hex");
    expect(runOurs("client", bytes, settings)).toEqual({
      events: ours.events,
      failedWith: ours.code,
      ...(ours.failure !== undefined && { failure: ours.failure }),
    });
    expect(await runOracle("client", bytes, settings)).toEqual(oracle);
  });
});
