/**
 * One direction after the handshake: the frame walker and the message follower together, and the end that a Close frame
 * is. Bytes in; frames ready to be told out.
 */
import { engineFailures, type Failure, type Role } from "@antiphon/websocket";
import { describeCloseCode, type NegotiatedDeflate } from "@antiphon/websocket/frames";
import { FrameWalker, type WalkedFrame, type WalkerEvent } from "./frame-walker.ts";
import { type FollowedFrame, MessageFollower } from "./message-follower.ts";
import { observerBounds, type PayloadDisplay } from "./observer-options.ts";
import { redactText } from "./secret-fields.ts";
import { decodeShown, escapeUnsafe, shortenHex, shortenText } from "../cli/safe-text.ts";
import type { FrameEvent } from "./tap-event.ts";

export type ToldFrame = Omit<FrameEvent, "type" | "connection" | "atMs" | "from" | "findings" | "rttMs">;

export type StreamEvent =
  | {
      readonly type: "frame";
      readonly frame: ToldFrame;
      readonly failures: readonly Failure[];
      /** Of pings and pongs, which are matched by it. */
      readonly controlPayload: Uint8Array | undefined;
    }
  | { readonly type: "lost"; readonly failure: Failure }
  /** The stream ended inside a frame. */
  | { readonly type: "cut"; readonly failure: Failure }
  /** Bytes behind the Close frame; told once. */
  | { readonly type: "after-close"; readonly bytes: number }
  /** Bytes that are no longer read as frames. */
  | { readonly type: "rest"; readonly bytes: Uint8Array };

const opcodeNames: Readonly<Record<number, string>> = {
  0: "continuation",
  1: "text",
  2: "binary",
  8: "close",
  9: "ping",
  10: "pong",
};

export class FrameStream {
  readonly #walker: FrameWalker;
  readonly #follower: MessageFollower;
  readonly #display: PayloadDisplay;
  #state: "frames" | "closed" | "ignored" | "lost" = "frames";
  #isDataAfterCloseTold = false;
  /** Of something that is no frame, so that only its end shows how much it is. */
  #foreignBytesAfterClose = 0;
  #frames = 0;
  #messages = 0;

  constructor(
    sender: Role,
    options: { readonly deflate: NegotiatedDeflate | undefined; readonly display: PayloadDisplay },
  ) {
    const { deflate, display } = options;
    const maxKeptBytes = observerBounds.keptBytes;
    this.#walker = new FrameWalker(sender, { deflateNegotiated: deflate !== undefined, maxKeptBytes });
    this.#follower = new MessageFollower(sender, { deflate, maxKeptBytes });
    this.#display = display;
  }

  get frames(): number {
    return this.#frames;
  }

  get messages(): number {
    return this.#messages;
  }

  /** Whether the stream stands inside a frame: its end here cuts one off. */
  get isInsideFrame(): boolean {
    return this.#state === "frames" && this.#walker.isInsideFrame;
  }

  /** Reads no more: the start of the stream is not known. */
  giveUp(): void {
    this.#state = "lost";
  }

  push(chunk: Uint8Array): StreamEvent[] {
    if (this.#state === "ignored") this.#foreignBytesAfterClose += chunk.length;
    if (this.#state === "lost") return [{ type: "rest", bytes: chunk }];
    const events: StreamEvent[] = [];
    const walked = this.#walker.push(chunk);
    for (const event of walked) {
      if (this.#state === "closed") {
        this.#readAfterClose(event, events);
        continue;
      }
      if (event.type === "lost") {
        this.#state = "lost";
        events.push({ type: "lost", failure: event.failure }, { type: "rest", bytes: event.rest });
      } else {
        events.push(this.#follow(event.frame));
      }
    }
    return events;
  }

  /** The direction has ended: what that leaves unfinished. */
  end(): StreamEvent[] {
    const events: StreamEvent[] = [];
    if (this.isInsideFrame) {
      events.push({ type: "cut", failure: engineFailures.create("stream-truncated-frame") });
    }
    const bytes = this.#foreignBytesAfterClose + (this.#state === "closed" ? this.#walker.pendingBytes : 0);
    if (bytes > 0) this.#tellDataAfterClose(bytes, events);
    return events;
  }

  #readAfterClose(event: WalkerEvent, events: StreamEvent[]): void {
    if (event.type === "frame") {
      this.#tellDataAfterClose(event.frame.headerBytes + event.frame.payloadBytes, events);
    } else {
      this.#state = "ignored";
      this.#foreignBytesAfterClose = event.rest.length;
    }
  }

  /** Receivers ignore what comes behind a Close frame (RFC 6455 §5.5.1), and so does the tap, after saying so. */
  #tellDataAfterClose(bytes: number, events: StreamEvent[]): void {
    if (this.#isDataAfterCloseTold) return;
    this.#isDataAfterCloseTold = true;
    events.push({ type: "after-close", bytes });
  }

  #follow(walked: WalkedFrame): StreamEvent {
    const followed = this.#follower.follow(walked);
    const { opcode, fin, rsv1, payloadBytes, maskingKey } = walked;
    const { messageType, message, event, close, predictableKey, failures } = followed;
    const name = opcodeNames[opcode] ?? `opcode ${opcode}`;
    this.#frames += 1;
    if (message) this.#messages += 1;
    if (name === "close") this.#state = "closed";
    const preview = this.#preview(followed, payloadBytes);
    const frame: ToldFrame = {
      opcode: name,
      messageType,
      fin,
      rsv1,
      masked: maskingKey !== undefined,
      payloadBytes,
      ...(predictableKey !== undefined && { predictableKey }),
      ...(message && { message }),
      ...(event && { event }),
      ...(close && { close: describeClose(close) }),
      ...(preview !== undefined && { preview }),
    };
    const isPing = name === "ping" || name === "pong";
    return { type: "frame", frame, failures, controlPayload: isPing ? followed.shown : undefined };
  }

  #preview({ shown, isWhole, close }: FollowedFrame, payloadBytes: number): string | undefined {
    if (this.#display === "hidden" || shown.length === 0 || close) return undefined;
    const isFull = this.#display === "full";
    const maxCharacters = isFull ? Number.POSITIVE_INFINITY : observerBounds.previewCharacters;
    const text = decodeShown(isFull ? shown : shown.subarray(0, observerBounds.previewCharacters * 8));
    const missing = isWhole ? "" : ` (${payloadBytes} bytes in all)`;
    if (text === undefined) return `${shortenHex(shown, isFull ? shown.length : 24)}${isFull ? missing : ""}`;
    return `"${shortenText(redactText(text), maxCharacters)}"${isFull ? missing : ""}`;
  }
}

function describeClose(close: { code?: number; reason: string }): NonNullable<FrameEvent["close"]> {
  const reason = escapeUnsafe(close.reason);
  return close.code === undefined
    ? { reason }
    : { code: close.code, reason, name: describeCloseCode(close.code).name };
}
