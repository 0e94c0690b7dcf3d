/** What `decode` finds: plain data, from which both the text and the JSON are made. */
import type { Failure, Role } from "@antiphon/websocket";
import type { NegotiatedDeflate } from "@antiphon/websocket/frames";
import type { FrameInspection, HandshakeInspection } from "@antiphon/websocket/inspect";
import type { ConnectionEnd } from "./capture/tcp-connections.ts";

/** The bytes that one side sent. */
export interface Direction {
  readonly bytes: Uint8Array;
  /** Whether they begin where the TCP connection did. */
  readonly hasStart: boolean;
  /** Bytes that a capture misses behind them. */
  readonly missingBytes: number;
  /** When the byte at an offset came, in milliseconds since 1970. */
  readonly timeOf: (offset: number) => number | undefined;
}

/** One connection, or what is there of it. */
export interface Conversation {
  /** Of a capture: its number and both ends. */
  readonly capture?: { readonly number: number; readonly client: string; readonly server: string };
  readonly directions: Partial<Readonly<Record<Role, Direction>>>;
  readonly startMs?: number | undefined;
  readonly end?: ConnectionEnd | undefined;
}

export interface DecodeOptions {
  /** What the handshake agreed on, where it is not there to be read. */
  readonly deflate: boolean | NegotiatedDeflate;
}

/** A head, as it was sent; lines without their ends. */
export interface DecodedHead {
  readonly sender: Role;
  readonly lines: readonly string[];
}

/** The frames of one side. */
export interface DecodedFrames {
  readonly sender: Role;
  /** Where they begin in the bytes of their side: behind the handshake. */
  readonly start: number;
  readonly inspection: FrameInspection;
  /** Bytes of this side that were too many to decode. */
  readonly skippedBytes: number;
  /** Of the byte at an offset of the inspection: milliseconds since the connection began. */
  readonly timeOf: (offset: number) => number | undefined;
}

export interface DecodedHandshake {
  readonly heads: readonly DecodedHead[];
  readonly inspection: HandshakeInspection;
}

/** Something that is wrong, or worth knowing. */
export interface Finding {
  readonly failure: Failure;
  readonly about: "handshake" | "frames" | "end";
  /** For example `frame 1 of the client, byte 8`. */
  readonly where: string;
  readonly detail?: string;
}

export interface DecodedConversation {
  readonly conversation: Conversation;
  readonly handshake: DecodedHandshake | undefined;
  readonly frames: readonly DecodedFrames[];
  readonly findings: readonly Finding[];
  /** Why nothing was decoded, in a capture with other connections, too. */
  readonly skipped?: string;
}
