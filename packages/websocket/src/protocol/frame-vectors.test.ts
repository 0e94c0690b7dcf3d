/**
 * Runs the vectors of `conformance/frames`, `conformance/close` and `conformance/deflate`: each as written, then one byte
 * at a time, then cut at random. Neither the events nor the bytes of the answers may depend on how the input was cut.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type Action,
  createRandom,
  cutRandomly,
  describeBytes,
  type DriverOptions,
  ProtocolDriver,
  type RecordedEvent,
} from "../../../../test/support/protocol-driver.ts";
import { closeFailures } from "../failures/close-failures.ts";
import { deflateFailures } from "../failures/deflate-failures.ts";
import { frameFailures } from "../failures/frame-failures.ts";
import type { Evidence } from "../failures/failure.ts";
import type { Role } from "./opcodes.ts";

/** Bytes in hex, with spaces where they help to read; or a run of equal bytes. */
type Piece = string | { readonly repeat: string; readonly count: number };
type Bytes = string | readonly Piece[];

type ExpectedEvent =
  | {
      readonly type: "message";
      /** One of three: text, text as UTF-8 bytes, binary. */
      readonly text?: string;
      readonly textBytes?: Bytes;
      readonly binary?: Bytes;
      readonly compressed?: boolean;
      readonly fragments?: number;
    }
  | { readonly type: "ping" | "pong"; readonly payload: string }
  | { readonly type: "close"; readonly code?: number; readonly reason: string }
  /** Of the evidence only what is listed is compared; `null` is for what must not be there. */
  | {
      readonly type: "warning" | "failed";
      readonly failure: string;
      readonly evidence?: Readonly<Record<string, Evidence[string] | null>>;
    }
  | { readonly type: "ended"; readonly failure?: string };

interface VectorOptions extends Omit<DriverOptions, "deflate"> {
  readonly deflate?: {
    readonly serverContextTakeover: boolean;
    readonly clientContextTakeover: boolean;
    readonly serverMaxWindowBits: number;
    readonly clientMaxWindowBits: number;
  };
}

interface FrameVector {
  readonly id: string;
  readonly spec: string;
  /** Who receives the chunks. */
  readonly role: Role;
  readonly options?: VectorOptions;
  readonly chunks: readonly (Bytes | Action)[];
  readonly expect: {
    readonly events: readonly ExpectedEvent[];
    readonly output?: readonly string[];
    readonly state: string;
    /** Bytes after which the failure is certain; all of them if this is missing. */
    readonly failedAfter?: number;
  };
}

const conformance = new URL("../../../../conformance/", import.meta.url);

/** The caller names the type: a vector that has another fails its test. */
function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, conformance), "utf8"));
}

function decodeBytes(bytes: Bytes): Buffer {
  const pieces = typeof bytes === "string" ? [bytes] : bytes;
  return Buffer.concat(
    pieces.map((piece) => {
      if (typeof piece === "string") return Buffer.from(piece.replaceAll(" ", ""), "hex");
      const unit = Buffer.from(piece.repeat.replaceAll(" ", ""), "hex");
      return Buffer.alloc(unit.length * piece.count, unit);
    }),
  );
}

function toDriverOptions({ deflate, ...options }: VectorOptions = {}): DriverOptions {
  if (deflate === undefined) return options;
  const { serverContextTakeover, clientContextTakeover, ...windows } = deflate;
  return {
    ...options,
    deflate: {
      serverNoContextTakeover: !serverContextTakeover,
      clientNoContextTakeover: !clientContextTakeover,
      ...windows,
    },
  };
}

function toRecordedEvent(expected: ExpectedEvent): object {
  if (expected.type === "message") {
    const { text, textBytes, binary, compressed = false, fragments = 1 } = expected;
    const payload = text === undefined ? decodeBytes(textBytes ?? binary ?? "") : Buffer.from(text);
    const kind = binary === undefined ? "text" : "binary";
    return { type: "message", kind, data: describeBytes(payload), compressed, fragments };
  }
  return expected.type === "ended" ? { failure: undefined, ...expected } : expected;
}

/** Leaves of the evidence what the vector lists. */
function selectEvidence(event: RecordedEvent, expected: ExpectedEvent | undefined): object {
  if (event.type !== "warning" && event.type !== "failed") return event;
  const { evidence, ...rest } = event;
  if (expected === undefined || !("evidence" in expected)) return rest;
  const listed = Object.keys(expected.evidence ?? {}).map((key) => [key, evidence[key] ?? null]);
  return { ...rest, evidence: Object.fromEntries(listed) };
}

type Cut = (bytes: Uint8Array) => readonly Uint8Array[];

/** Bytes between two actions are one run for the cut, whatever the chunks of the vector. */
function run(vector: FrameVector, cut: Cut | undefined): ProtocolDriver {
  const driver = new ProtocolDriver(vector.role, toDriverOptions(vector.options));
  let waiting: Buffer[] = [];
  const feed = (): void => {
    const pieces = cut ? cut(Buffer.concat(waiting)) : waiting;
    for (const piece of pieces) driver.feed(piece);
    waiting = [];
  };
  for (const chunk of vector.chunks) {
    if (typeof chunk === "object" && "do" in chunk) {
      feed();
      driver.perform(chunk);
    } else {
      waiting.push(decodeBytes(chunk));
    }
  }
  feed();
  return driver;
}

function verify(vector: FrameVector, driver: ProtocolDriver): void {
  const { events, output = [], state } = vector.expect;
  expect(driver.events.map((event, at) => selectEvidence(event, events[at]))).toEqual(
    events.map(toRecordedEvent),
  );
  expect(driver.output).toEqual(output.map((hex) => hex.replaceAll(" ", "")));
  expect(driver.protocol.state).toBe(state);
}

const cutIntoBytes: Cut = (bytes) => cutRandomly(bytes, () => 0, 1);
/** Longer vectors would make the suite slow one byte at a time, and show nothing new. */
const longestByteByByte = 100_000;

function countBytes(vector: FrameVector): number {
  const counts = vector.chunks.map((chunk) =>
    typeof chunk === "object" && "do" in chunk ? 0 : decodeBytes(chunk).length,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function verifyAllCuts(vector: FrameVector): void {
  verify(vector, run(vector, undefined));
  const total = countBytes(vector);
  if (total <= longestByteByByte) {
    const driver = run(vector, cutIntoBytes);
    verify(vector, driver);
    if (driver.failedAfter !== undefined) {
      expect(driver.failedAfter, "bytes until the failure").toBe(vector.expect.failedAfter ?? total);
    }
  }
  const random = createRandom(total);
  for (const longest of [7, 1500, 65_536]) {
    if (total / longest > longestByteByByte) continue;
    verify(
      vector,
      run(vector, (bytes) => cutRandomly(bytes, random, longest)),
    );
  }
}

const seenFailures = new Set<string>();

function noteFailures({ expect: { events } }: FrameVector): void {
  for (const event of events) if ("failure" in event && event.failure) seenFailures.add(event.failure);
}

interface VectorFile {
  readonly title: string;
  readonly vectors?: readonly FrameVector[];
}

for (const folder of ["frames", "close", "deflate"]) {
  for (const name of readdirSync(new URL(folder, conformance)).filter((name) => name.endsWith(".json"))) {
    const { title, vectors } = readJson(`${folder}/${name}`) as VectorFile;
    if (vectors === undefined) continue;
    for (const vector of vectors) noteFailures(vector);
    describe(title, () => {
      it.each(vectors)("$id ($spec)", verifyAllCuts);
    });
  }
}

const roles: readonly Role[] = ["server", "client"];

/** A frame as the peer of this role sends it, with keys in turns as they would be drawn. */
function frameFor(role: Role, firstByte: number, payload: Uint8Array, turn = 0): string {
  const header = Buffer.from([firstByte, payload.length]);
  if (role === "client") return Buffer.concat([header, payload]).toString("hex");
  header[1] = 0x80 | payload.length;
  const key = Buffer.from(turn % 2 === 0 ? "37fa213d" : "a94c07e2", "hex");
  const masked = payload.map((byte, at) => byte ^ key[at % 4]!);
  return Buffer.concat([header, key, masked]).toString("hex");
}

interface SequenceFile {
  readonly title: string;
  readonly spec: string;
  readonly sequences: readonly { readonly id: string; readonly valid: boolean; readonly hex: string }[];
}

const sequences = readJson("frames/utf8-sequences.json") as SequenceFile;

/** Where Node's own decoder gives up, or the length if that is only at the end. */
function findBadByte(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (let at = 0; at < bytes.length; at += 1) {
    try {
      decoder.decode(bytes.subarray(at, at + 1), { stream: true });
    } catch {
      return at;
    }
  }
  return bytes.length;
}

describe.each(roles)(`${sequences.title}, to a %s`, (role) => {
  it.each(sequences.sequences)("$id is valid: $valid", ({ id, valid, hex }) => {
    const bytes = Buffer.from(hex, "hex");
    const reason = Buffer.concat([Buffer.from([0x03, 0xef]), Buffer.from("message-invalid-utf8")]);
    const fragments = [...bytes].map((byte, at) => {
      const firstByte = (at === 0 ? 0x01 : 0x00) | (at === bytes.length - 1 ? 0x80 : 0x00);
      return frameFor(role, firstByte, Buffer.from([byte]), at);
    });
    for (const chunks of [[frameFor(role, 0x81, bytes)], fragments]) {
      const offset = findBadByte(bytes);
      const frameBytes = chunks[0]!.length / 2;
      const inFrame = chunks.length === 1 ? frameBytes - bytes.length : 0;
      const perByte = chunks.length === 1 ? 1 : frameBytes;
      verifyAllCuts({
        id,
        spec: sequences.spec,
        role,
        chunks,
        expect: valid
          ? { events: [{ type: "message", textBytes: hex, fragments: chunks.length }], state: "open" }
          : {
              events: [{ type: "failed", failure: "message-invalid-utf8", evidence: { offset } }],
              output: [frameForPeer(role, 0x88, reason)],
              state: "failing",
              failedAfter: inFrame + perByte * Math.min(offset + 1, bytes.length),
            },
      });
    }
  });
});

/** A frame as this role itself sends it. */
function frameForPeer(role: Role, firstByte: number, payload: Uint8Array): string {
  return frameFor(role === "server" ? "client" : "server", firstByte, payload);
}

interface CloseCodeFile {
  readonly title: string;
  readonly spec: string;
  readonly codes: readonly {
    readonly code: number;
    readonly failure?: string;
    readonly reasonHex?: string;
  }[];
}

const closeCodes = readJson("close/close-codes.json") as CloseCodeFile;
for (const { failure } of closeCodes.codes) if (failure) seenFailures.add(failure);

describe.each(roles)(`${closeCodes.title}, to a %s`, (role) => {
  it.each(closeCodes.codes)("$code: $failure", ({ code, failure, reasonHex }) => {
    const prefix = Buffer.from([code >>> 8, code & 0xff]);
    const reasons = reasonHex === undefined ? ["", "bye"] : [Buffer.from(reasonHex, "hex").toString()];
    for (const reason of reasons) {
      const chunks = [frameFor(role, 0x88, Buffer.concat([prefix, Buffer.from(reason)]))];
      const answer = Buffer.concat([Buffer.from([0x03, 0xea]), Buffer.from(failure ?? "")]);
      verifyAllCuts({
        id: String(code),
        spec: closeCodes.spec,
        role,
        chunks,
        expect: failure
          ? {
              events: [{ type: "failed", failure, evidence: { code } }],
              output: [frameForPeer(role, 0x88, answer)],
              state: "failing",
            }
          : {
              events: [{ type: "close", code, reason }],
              output: [frameForPeer(role, 0x88, prefix)],
              state: "closing-remote",
            },
      });
    }
  });
});

describe("the catalogue of frame, compression and close failures", () => {
  /** No bytes of a peer show these: who raises them instead. */
  const raisedElsewhere: Readonly<Record<string, string>> = {
    "close-reason-too-long": "thrown by close() at its caller",
    "close-code-not-allowed": "thrown by close() at its caller",
    "close-handshake-timeout": "a clock of the connection",
    "send-after-close": "the result of sending in the wrong state",
  };

  it("has a vector for every failure that bytes can show", () => {
    const names = Object.keys({ ...frameFailures, ...deflateFailures, ...closeFailures });
    const unseen = names.filter((name) => !seenFailures.has(name));
    expect(unseen.sort()).toEqual(Object.keys(raisedElsewhere).sort());
  });
});
