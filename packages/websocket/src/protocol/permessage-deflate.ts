/**
 * permessage-deflate on the data path (RFC 7692 §7.2): one object per direction and connection. With context takeover it
 * remembers the last window of plain bytes; without, it remembers nothing.
 */
import type { DeflateCodec, InflateResult } from "./primitives.ts";

/** What both sides agreed on in the handshake (RFC 7692 §7.1). */
export interface NegotiatedDeflate {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8–15. */
  readonly serverMaxWindowBits: number;
  /** 8–15. */
  readonly clientMaxWindowBits: number;
}

/** What one direction does with its messages. */
export interface DeflateDirection {
  readonly windowBits: number;
  readonly contextTakeover: boolean;
}

/** The direction in which this role sends. */
export function outgoingDirection(deflate: NegotiatedDeflate, role: "client" | "server"): DeflateDirection {
  return role === "server"
    ? { windowBits: deflate.serverMaxWindowBits, contextTakeover: !deflate.serverNoContextTakeover }
    : { windowBits: deflate.clientMaxWindowBits, contextTakeover: !deflate.clientNoContextTakeover };
}

/** The direction from which this role receives. */
export function incomingDirection(deflate: NegotiatedDeflate, role: "client" | "server"): DeflateDirection {
  return outgoingDirection(deflate, role === "server" ? "client" : "server");
}

/** How hard outgoing messages are compressed. */
export interface CompressionSettings {
  /** zlib level, 1–9. */
  readonly level: number;
  /** zlib memLevel, 1–9. */
  readonly memoryLevel: number;
}

export class MessageInflater {
  readonly #codec: DeflateCodec;
  readonly #direction: DeflateDirection;
  #window: Uint8Array | undefined;

  constructor(codec: DeflateCodec, direction: DeflateDirection) {
    this.#codec = codec;
    this.#direction = direction;
  }

  /** Whether messages may refer to earlier ones. */
  get contextTakeover(): boolean {
    return this.#direction.contextTakeover;
  }

  /** Inflates one whole message. After a failure the stream is unusable: the connection has to fail. */
  inflate(payload: Uint8Array, maxBytes: number): InflateResult {
    const { windowBits, contextTakeover } = this.#direction;
    const result = this.#codec.inflate(payload, {
      windowBits,
      maxBytes,
      ...(this.#window && { dictionary: this.#window }),
    });
    if (result.ok && contextTakeover) this.#window = slideWindow(this.#window, result.data, windowBits);
    return result;
  }
}

export class MessageDeflater {
  readonly #codec: DeflateCodec;
  readonly #direction: DeflateDirection;
  readonly #settings: CompressionSettings;
  #window: Uint8Array | undefined;

  constructor(codec: DeflateCodec, direction: DeflateDirection, settings: CompressionSettings) {
    this.#codec = codec;
    this.#direction = direction;
    this.#settings = settings;
  }

  /** Whether one compressed form can be shared with other connections: only without context takeover. */
  get isShareable(): boolean {
    return !this.#direction.contextTakeover;
  }

  get windowBits(): number {
    return this.#direction.windowBits;
  }

  deflate(payload: Uint8Array): Uint8Array {
    const { windowBits, contextTakeover } = this.#direction;
    const compressed = this.#codec.deflate(payload, {
      windowBits,
      ...this.#settings,
      ...(this.#window && { dictionary: this.#window }),
    });
    if (contextTakeover) this.#window = slideWindow(this.#window, payload, windowBits);
    return compressed;
  }
}

/** The last 2^bits bytes of what went before and this message, in memory of its own. */
export function slideWindow(
  window: Uint8Array | undefined,
  message: Uint8Array,
  windowBits: number,
): Uint8Array {
  if (window && message.length === 0) return window;
  const size = 2 ** windowBits;
  const fresh = message.subarray(Math.max(0, message.length - size));
  const kept = window?.subarray(Math.max(0, window.length + fresh.length - size));
  const next = new Uint8Array((kept?.length ?? 0) + fresh.length);
  if (kept) next.set(kept);
  next.set(fresh, kept?.length ?? 0);
  return next;
}
