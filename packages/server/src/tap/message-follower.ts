/**
 * From frames to messages in one direction: fragments joined, inflated, checked and read, as far as they fit into the
 * bound; what they break is named at the frame that shows it. Called by the connection observer for every frame.
 */
import { isUtf8 } from "node:buffer";
import { engineFailures, type Failure, type Role } from "@antiphon/websocket";
import {
  type CloseFrame,
  type NegotiatedDeflate,
  opcodes,
  readClosePayload,
} from "@antiphon/websocket/frames";
import {
  endsWithFlushTail,
  explainInflate,
  findInvalidUtf8,
  incomingDirection,
  MaskingKeyWatch,
  MessageInflater,
  nodePrimitives,
  predictableKeyRun,
  recogniseApplicationProtocol,
} from "@antiphon/websocket/inspect";
import type { WalkedFrame } from "./frame-walker.ts";
import { type PusherEvent, readPusherEvent } from "./pusher-event.ts";

/** What a frame means in the run of frames. */
export interface FollowedFrame {
  /** Of the frame, or of the message that it continues. */
  readonly messageType: "text" | "binary" | undefined;
  /** The message that this frame ends. */
  readonly message?: FollowedMessage;
  /** What can be shown of the payload: of the whole message where this frame ends one. Binary where `text` is absent. */
  readonly shown: Uint8Array;
  /** Whether `shown` is all there is to show. */
  readonly isWhole: boolean;
  readonly event?: PusherEvent;
  readonly close?: CloseFrame;
  /** The key, where it was not drawn at random as far as one can see. */
  readonly predictableKey?: string;
  readonly failures: readonly Failure[];
}

export interface FollowedMessage {
  readonly frames: number;
  readonly wireBytes: number;
  /** After inflating; `undefined` if the message was not inflated. */
  readonly plainBytes: number | undefined;
  readonly isCompressed: boolean;
}

interface OpenMessage {
  readonly type: "text" | "binary";
  readonly isCompressed: boolean;
  /** Marked as compressed although that was not agreed: what the bytes stand for is not known. */
  readonly isUnknown: boolean;
  parts: Uint8Array[];
  keptBytes: number;
  wireBytes: number;
  frames: number;
}

/** Most bytes that a message may inflate to, to be shown and checked. */
const maxInflatedBytes = 4_194_304;
/** Keys that libraries in the field are known to use for every frame. */
const knownKeys: ReadonlySet<string> = new Set(["00000000", "32353845"]);

export class MessageFollower {
  readonly #maxKeptBytes: number;
  readonly #inflater: MessageInflater | undefined;
  /** A compressed message could not be followed, so those after it may refer to what is not known. */
  #hasLostContext = false;
  #open: OpenMessage | undefined;
  readonly #keys = new MaskingKeyWatch();
  #lastKey = "";
  #hasNamedProtocol = false;

  constructor(
    sender: Role,
    options: { readonly deflate: NegotiatedDeflate | undefined; readonly maxKeptBytes: number },
  ) {
    this.#maxKeptBytes = options.maxKeptBytes;
    if (options.deflate === undefined) return;
    const direction = incomingDirection(options.deflate, sender === "client" ? "server" : "client");
    this.#inflater = new MessageInflater(nodePrimitives.deflate, direction);
  }

  /** Whether a message was begun and not finished. */
  get isMessageOpen(): boolean {
    return this.#open !== undefined;
  }

  follow(frame: WalkedFrame): FollowedFrame {
    const failures = [...frame.failures];
    if (!frame.isLengthMinimal) {
      const failure = engineFailures.create("frame-length-not-minimal", { lengthBytes: frame.payloadBytes });
      failures.push({ ...failure, severity: "warning" });
    }
    const predictableKey = this.#watchKey(frame.maskingKey, failures);
    const followed =
      frame.opcode > opcodes.binary ? this.#readControl(frame, failures) : this.#readData(frame, failures);
    return { ...followed, ...(predictableKey !== undefined && { predictableKey }), failures };
  }

  #watchKey(key: Uint8Array | undefined, failures: Failure[]): string | undefined {
    if (key === undefined) return undefined;
    const hex = Buffer.from(key).toString("hex");
    const isPredictable = hex === this.#lastKey || knownKeys.has(hex);
    this.#lastKey = hex;
    if (this.#keys.note(key)) {
      failures.push(engineFailures.create("frame-mask-key-predictable", { frames: predictableKeyRun }));
    }
    return isPredictable ? hex : undefined;
  }

  #readControl(frame: WalkedFrame, failures: Failure[]): Omit<FollowedFrame, "failures"> {
    const { payload, payloadBytes } = frame;
    const base = { messageType: undefined, shown: payload, isWhole: payload.length === payloadBytes };
    if (frame.opcode !== opcodes.close || failures.some(({ severity }) => severity === "fatal")) {
      const close = frame.opcode === opcodes.close ? readCodeAtLeast(payload) : undefined;
      return { ...base, ...(close && { close }) };
    }
    const close = readClosePayload(payload);
    if (!("name" in close)) return { ...base, close };
    failures.push(close);
    const code = readCodeAtLeast(payload);
    return { ...base, ...(code && { close: code }) };
  }

  #readData(frame: WalkedFrame, failures: Failure[]): Omit<FollowedFrame, "failures"> {
    const { opcode, payload, payloadBytes, fin } = frame;
    const isContinuation = opcode === opcodes.continuation;
    // A new message in the middle of another one: the walker has named that already, and it replaces the old one.
    if (!isContinuation) this.#open = undefined;
    const message = (this.#open ??= {
      type: opcode === opcodes.text ? "text" : "binary",
      isCompressed: frame.rsv1 && this.#inflater !== undefined,
      isUnknown: frame.rsv1 && this.#inflater === undefined,
      parts: [],
      keptBytes: 0,
      wireBytes: 0,
      frames: 0,
    });
    const room = this.#maxKeptBytes - message.keptBytes;
    const isContiguous = message.keptBytes === message.wireBytes;
    if (isContiguous && room > 0 && payload.length > 0) {
      message.parts.push(payload.subarray(0, room));
      message.keptBytes += Math.min(room, payload.length);
    }
    message.wireBytes += payloadBytes;
    message.frames += 1;
    if (fin) {
      this.#open = undefined;
      return this.#finishMessage(message, failures);
    }
    // A later fragment may begin inside a secret, where nothing tells that it is one; so it is shown with the whole only.
    const canShow = !isContinuation && !message.isCompressed;
    const shown = canShow ? payload : payload.subarray(0, 0);
    return { messageType: message.type, shown, isWhole: shown.length === payloadBytes };
  }

  #finishMessage(message: OpenMessage, failures: Failure[]): Omit<FollowedFrame, "failures"> {
    const { type, wireBytes, frames, isCompressed } = message;
    const kept = message.parts.length === 1 ? message.parts[0]! : Buffer.concat(message.parts);
    const isKept = kept.length === wireBytes;
    const plain = isCompressed ? this.#inflate(kept, isKept, failures) : kept;
    const plainBytes = isCompressed ? plain?.length : wireBytes;
    const shown = plain ?? kept.subarray(0, 0);
    const isWhole = isKept && plain !== undefined;
    const base = {
      messageType: type,
      message: { frames, wireBytes, plainBytes, isCompressed },
      shown,
      isWhole,
    };
    if (!isWhole || message.isUnknown) return base;
    if (type === "binary") {
      this.#nameProtocol(shown, failures);
      return base;
    }
    if (!isUtf8(shown)) {
      const offset = findInvalidUtf8(shown);
      failures.push(engineFailures.create("message-invalid-utf8", { offset, byte: shown[offset] }));
      return base;
    }
    const text = nodePrimitives.decodeUtf8(shown);
    this.#nameProtocol(text, failures);
    const event = readPusherEvent(text);
    return { ...base, ...(event && { event }) };
  }

  /** `undefined` where the plain bytes cannot be known. */
  #inflate(wire: Uint8Array, isKept: boolean, failures: Failure[]): Uint8Array | undefined {
    const inflater = this.#inflater!;
    if (!isKept) this.#hasLostContext ||= inflater.contextTakeover;
    if (!isKept || this.#hasLostContext) return undefined;
    const hasTail = endsWithFlushTail(wire);
    if (hasTail) failures.push(engineFailures.create("deflate-tail-not-stripped"));
    const result = inflater.inflate(hasTail ? wire.subarray(0, -4) : wire, maxInflatedBytes);
    if (result.ok) return result.data;
    this.#hasLostContext = inflater.contextTakeover;
    // The bound is the tap's own, and no receiver's: passing it is no failure.
    if (result.reason === "corrupt") {
      failures.push(explainInflate(result, wire, maxInflatedBytes, inflater.contextTakeover));
    }
    return undefined;
  }

  #nameProtocol(data: string | Uint8Array, failures: Failure[]): void {
    const protocol = this.#hasNamedProtocol ? undefined : recogniseApplicationProtocol(data);
    if (protocol === undefined) return;
    this.#hasNamedProtocol = true;
    failures.push(engineFailures.create("application-protocol-mismatch", { protocol }));
  }
}

/** The code of a Close frame that breaks a rule: what the sender meant is worth showing. */
function readCodeAtLeast(payload: Uint8Array): CloseFrame | undefined {
  return payload.length < 2 ? undefined : { code: payload[0]! * 256 + payload[1]!, reason: "" };
}
