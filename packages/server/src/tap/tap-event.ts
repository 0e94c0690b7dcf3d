/**
 * Everything the tap tells about connections, as values: made by the connection observer, turned into lines by
 * `render-event.ts` and into JSON as they are. All texts are safe to print and without secrets.
 */
import type { Failure, Role } from "@antiphon/websocket";
import type { EndVerdict } from "./end-verdict.ts";
import type { FollowedMessage } from "./message-follower.ts";
import type { RoundTripStats } from "./ping-watch.ts";
import type { PusherEvent } from "./pusher-event.ts";

interface ConnectionEvent {
  /** Counted from 1. */
  readonly connection: number;
  /** Since the client connected. */
  readonly atMs: number;
}

export interface OpenedEvent extends ConnectionEvent {
  readonly type: "opened";
  readonly client: string;
  readonly target: string;
  /** Until TCP, and TLS where the target wants it, stood. */
  readonly connectMs: number;
}

/** A request or answer that passed. */
export interface HeadEvent extends ConnectionEvent {
  readonly type: "request" | "response";
  readonly from: Role;
  readonly line: string;
  /** Those that matter for a WebSocket; all of them with `--full`. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly otherHeaders: number;
}

/** Something worth knowing that is no fault. */
export interface NoteEvent extends ConnectionEvent {
  readonly type: "note";
  readonly text: string;
}

/** The start of bytes that are no frames: the body of a refusal, or another protocol. */
export interface BodyEvent extends ConnectionEvent {
  readonly type: "body";
  readonly from: Role;
  readonly preview: string;
}

/** A failure at the place where it shows. */
export interface Finding {
  readonly failure: Failure;
  /** The same failure of the same side was told before. */
  readonly isRepeated: boolean;
}

export interface FindingEvent extends ConnectionEvent, Finding {
  readonly type: "finding";
  /** Whose bytes show it. */
  readonly from: Role;
}

export interface FrameEvent extends ConnectionEvent {
  readonly type: "frame";
  readonly from: Role;
  /** `text`, `continuation`, `opcode 3`, ... */
  readonly opcode: string;
  readonly messageType: "text" | "binary" | undefined;
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly masked: boolean;
  readonly predictableKey?: string;
  readonly payloadBytes: number;
  readonly message?: FollowedMessage;
  readonly event?: PusherEvent;
  readonly close?: { readonly code?: number; readonly reason: string; readonly name?: string };
  /** On a pong that answers a ping. */
  readonly rttMs?: number;
  /** Quoted text, or hex; absent with `--redact`, and where there is nothing to show. */
  readonly preview?: string;
  readonly findings: readonly Finding[];
}

/** What passed in one direction. */
export interface TrafficCounts {
  readonly bytes: number;
  readonly frames: number;
  readonly messages: number;
}

export interface EndEvent extends ConnectionEvent {
  readonly type: "end";
  readonly verdict: EndVerdict;
  readonly traffic: Readonly<Record<Role, TrafficCounts>>;
  /** By the side that answered the pings. */
  readonly roundTrips: Readonly<Partial<Record<Role, RoundTripStats>>>;
  readonly findings: number;
}

/** All connections together. */
export interface SummaryEvent {
  readonly type: "summary";
  readonly connections: number;
  readonly traffic: Readonly<Record<Role, TrafficCounts>>;
  readonly roundTrips: Readonly<Partial<Record<Role, RoundTripStats>>>;
  /** How often each failure was found, most often first. */
  readonly findings: readonly { readonly name: string; readonly count: number; readonly fix: string }[];
  /** Connections that did not end in an ordinary way. */
  readonly failedEnds: number;
  /** How the connections ended, most often first. */
  readonly ends: readonly { readonly how: string; readonly count: number }[];
}

/** Where the tap listens and what it stands before. */
export interface ListeningEvent {
  readonly type: "listening";
  readonly url: string;
  readonly target: string;
}

export type TapEvent =
  | ListeningEvent
  | OpenedEvent
  | HeadEvent
  | NoteEvent
  | BodyEvent
  | FindingEvent
  | FrameEvent
  | EndEvent
  | SummaryEvent;
