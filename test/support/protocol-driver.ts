/**
 * Drives the protocol core as a connection does, without a socket: bytes and calls go in, what happened comes out as
 * plain values that tests compare. Masking keys are fixed, so that the output of a client can be compared too.
 */
import { createHash } from "node:crypto";
import type { Evidence } from "../../packages/websocket/src/failures/failure.ts";
import { nodePrimitives } from "../../packages/websocket/src/node/primitives.ts";
import type { ReceiveLimits } from "../../packages/websocket/src/protocol/message-reader.ts";
import type { Role, Strictness } from "../../packages/websocket/src/protocol/opcodes.ts";
import type { NegotiatedDeflate } from "../../packages/websocket/src/protocol/permessage-deflate.ts";
import type { Primitives } from "../../packages/websocket/src/protocol/primitives.ts";
import {
  type ProtocolEvent,
  type ProtocolOptions,
  WebSocketProtocol,
} from "../../packages/websocket/src/protocol/websocket-protocol.ts";

/** Node's primitives with the masking key of the examples in RFC 6455 §5.7. */
export const fixedKeyPrimitives: Primitives = {
  ...nodePrimitives,
  writeMaskingKey: (target, offset) => target.set([0x37, 0xfa, 0x21, 0x3d], offset),
};

/** What a test may set; the rest is wide open. */
export interface DriverOptions extends Partial<ReceiveLimits> {
  readonly strictness?: Strictness;
  readonly deflate?: NegotiatedDeflate;
  readonly exposeFailureReason?: boolean;
}

/** Something that our side does, or that happens to the transport. */
export type Action =
  | { readonly do: "close"; readonly code?: number; readonly reason?: string }
  | { readonly do: "end" | "reset" | "hold-pongs" | "release-pongs" };

/** An event without what tests do not compare: texts, and the payload of long messages. */
export type RecordedEvent =
  | {
      readonly type: "message";
      readonly kind: "text" | "binary";
      readonly data: string;
      readonly compressed: boolean;
      readonly fragments: number;
    }
  | { readonly type: "ping" | "pong"; readonly payload: string }
  | { readonly type: "close"; readonly code?: number; readonly reason: string }
  | { readonly type: "warning" | "failed"; readonly failure: string; readonly evidence: Evidence }
  | { readonly type: "ended"; readonly failure: string | undefined };

const mebibyte = 1024 * 1024;

export function createProtocol(role: Role, options: DriverOptions = {}): WebSocketProtocol {
  const rules: ProtocolOptions = {
    role,
    strictness: options.strictness ?? "strict",
    limits: {
      maxMessageBytes: options.maxMessageBytes ?? mebibyte,
      maxFrameBytes: options.maxFrameBytes ?? Number.MAX_SAFE_INTEGER,
      maxFragments: options.maxFragments ?? 131_072,
      accepts: options.accepts ?? ["text", "binary"],
    },
    primitives: fixedKeyPrimitives,
    compression: { level: 6, memoryLevel: 8 },
    exposeFailureReason: options.exposeFailureReason ?? true,
  };
  return new WebSocketProtocol(rules, options.deflate);
}

/** One run of the protocol, recorded. */
export class ProtocolDriver {
  readonly protocol: WebSocketProtocol;
  readonly events: RecordedEvent[] = [];
  /** Every frame that was to be written, in hex. */
  readonly output: string[] = [];
  /** Bytes that had been fed when the connection failed. */
  failedAfter: number | undefined;
  #fedBytes = 0;

  constructor(role: Role, options: DriverOptions = {}) {
    this.protocol = createProtocol(role, options);
  }

  /** Feeds a copy, since the protocol unmasks in place, and takes all that follows from it. */
  feed(bytes: Uint8Array): void {
    this.#fedBytes += bytes.length;
    this.protocol.receive(Buffer.from(bytes));
    for (let event = this.protocol.nextEvent(); event !== undefined; event = this.protocol.nextEvent()) {
      this.events.push(recordEvent(event));
      if (event.type === "failed") this.failedAfter = this.#fedBytes;
      this.#takeOutput();
    }
  }

  perform(action: Action): void {
    switch (action.do) {
      case "close":
        this.protocol.close(action.code, action.reason);
        break;
      case "hold-pongs":
        this.protocol.holdsPongs = true;
        break;
      case "release-pongs":
        this.protocol.holdsPongs = false;
        break;
      default: {
        const failure = this.protocol.receiveEnd(action.do === "end" ? "fin" : "reset");
        this.events.push({ type: "ended", failure: failure?.name });
      }
    }
    this.#takeOutput();
  }

  #takeOutput(): void {
    for (const frame of this.protocol.takeOutput()) this.output.push(Buffer.from(frame).toString("hex"));
  }
}

function recordEvent(event: ProtocolEvent): RecordedEvent {
  switch (event.type) {
    case "message": {
      const { data, compressed, fragments } = event;
      const kind = typeof data === "string" ? "text" : "binary";
      return { type: "message", kind, data: describeBytes(Buffer.from(data)), compressed, fragments };
    }
    case "ping":
    case "pong":
      return { type: event.type, payload: Buffer.from(event.payload).toString("hex") };
    case "close":
      return { type: "close", ...event.close };
    default:
      return { type: event.type, failure: event.failure.name, evidence: event.failure.evidence };
  }
}

/** Short payloads as hex, long ones by their digest: a diff of megabytes helps nobody. */
export function describeBytes(bytes: Uint8Array): string {
  if (bytes.length <= 2048) return Buffer.from(bytes).toString("hex");
  return `${bytes.length} bytes with SHA-1 ${createHash("sha1").update(bytes).digest("hex")}`;
}

/** Numbers in [0, 1) that are the same for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Cuts bytes into pieces of 1 to `longest` bytes. */
export function cutRandomly(bytes: Uint8Array, random: () => number, longest: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + Math.floor(random() * longest);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}
