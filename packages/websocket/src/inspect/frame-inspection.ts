/** What `inspectFrames` gives: plain data, JSON-safe but for bytes, for tools to print in their own way. */
import type { Failure } from "../failures/failure.ts";
import type { ReceiveLimits } from "../protocol/message-reader.ts";
import type { Role, Strictness } from "../protocol/opcodes.ts";
import type { NegotiatedDeflate } from "../protocol/permessage-deflate.ts";

export interface InspectOptions {
  /** Who SENT the bytes. */
  readonly sender: Role;
  /** What the handshake agreed on; `true` reads whatever any compressor sends. Default: no compression. */
  readonly deflate?: boolean | NegotiatedDeflate;
  /** Whether the bytes begin right behind the handshake, so that other protocols are recognised. Default true. */
  readonly isStreamStart?: boolean;
  /** Of the receiver that is replayed; default `strict`. */
  readonly strictness?: Strictness;
  /** Of the receiver that is replayed; default those of a server, 1 MiB per message. */
  readonly limits?: Partial<ReceiveLimits>;
  /** Frames that are described at most; the bytes behind them are left alone. Default 10,000. */
  readonly maxFrames?: number;
}

export type FieldName =
  | "fin"
  | "rsv1"
  | "rsv2"
  | "rsv3"
  | "opcode"
  | "mask"
  | "length"
  | "extended-length"
  | "masking-key"
  | "payload"
  | "close-code"
  | "close-reason"
  | "not-a-frame";

/** One labelled range of the input. */
export interface InspectedField {
  readonly name: FieldName;
  /** First byte of the input that holds the field. */
  readonly start: number;
  /** Behind its last byte. */
  readonly end: number;
  /** First and last bit within the byte at `start`, 0 the most significant; absent where whole bytes are meant. */
  readonly bits?: readonly [first: number, last: number];
  /** The bytes as they are on the wire, at most 64 of them. */
  readonly hex: string;
  readonly value: string | number | boolean;
  /** What the value says, in plain words. */
  readonly meaning: string;
  /** The rule that this field breaks, as the receiver sees it. */
  readonly failure?: Failure;
}

export interface InspectedFrame {
  /** Counted from 0. */
  readonly index: number;
  readonly start: number;
  /** Behind the last byte that is there. */
  readonly end: number;
  /** Bytes that the header promises and that are not there; `undefined` if the header is not complete itself. */
  readonly missingBytes: number | undefined;
  /** `false` behind a Close frame or a failure: described, although no receiver gets there. */
  readonly isRead: boolean;
  /** For example `masked text frame`. */
  readonly summary: string;
  readonly fields: readonly InspectedField[];
  /** Unmasked, as far as it is there; a copy. */
  readonly payload: Uint8Array;
}

export interface InspectedMessage {
  readonly type: "text" | "binary";
  /** Inflated, where it came compressed. */
  readonly data: string | Uint8Array;
  readonly compressed: boolean;
  /** Index of the first and of the last frame. */
  readonly frames: readonly [first: number, last: number];
}

/** How far a receiver reads. */
export type InspectionOutcome =
  /** To the end of the bytes, at the border of a frame. */
  | { readonly status: "complete"; readonly isMessageOpen: boolean }
  /** To the end of the bytes, inside a frame. */
  | { readonly status: "incomplete" }
  /** To a Close frame, which ends at `offset`. */
  | {
      readonly status: "closed";
      readonly offset: number;
      readonly code: number | undefined;
      readonly reason: string;
      readonly unreadBytes: number;
    }
  /** To the byte at `offset`, which proves the failure. */
  | {
      readonly status: "failed";
      readonly offset: number;
      readonly failure: Failure;
      readonly unreadBytes: number;
    };

/** Something the bytes suggest, at a place. */
export interface InspectionHint {
  readonly failure: Failure;
  readonly start: number;
  readonly end: number;
  /** What else there is to see, payload included. */
  readonly detail?: string;
}

export interface FrameInspection {
  readonly sender: Role;
  /** The verdicts are those of this side. */
  readonly receiver: Role;
  readonly frames: readonly InspectedFrame[];
  readonly messages: readonly InspectedMessage[];
  readonly outcome: InspectionOutcome;
  /** What the receiver would warn of. */
  readonly warnings: readonly InspectionHint[];
  /** Likely causes and other things worth knowing. */
  readonly hints: readonly InspectionHint[];
  /** Bytes behind the last frame that was described; 0 unless there were too many frames. */
  readonly skippedBytes: number;
}
