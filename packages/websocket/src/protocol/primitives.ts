/**
 * What the protocol core needs from its platform and cannot do without I/O or platform types: memory, UTF-8,
 * randomness and DEFLATE. All are pure computations; the Node implementation is `node/primitives.ts`.
 */
export interface Primitives {
  /** Memory that may hold old bytes; the caller overwrites all of it. */
  allocate(bytes: number): Uint8Array;
  /** Length of the text in UTF-8. */
  utf8Length(text: string): number;
  /** Writes UTF-8 at `offset`; lone surrogates become U+FFFD. Returns the bytes written. */
  writeUtf8(text: string, target: Uint8Array, offset: number): number;
  isUtf8(bytes: Uint8Array): boolean;
  /** Decodes bytes that are known to be UTF-8. A leading byte-order mark is kept. */
  decodeUtf8(bytes: Uint8Array): string;
  /** Decodes `bytes[start, end)`, which are known to be ASCII. */
  decodeAscii(bytes: Uint8Array, start: number, end: number): string;
  /** Writes 4 bytes from a cryptographic source (RFC 6455 §5.3). */
  writeMaskingKey(target: Uint8Array, offset: number): void;
  readonly deflate: DeflateCodec;
}

export interface InflateOptions {
  readonly windowBits: number;
  /** Output before this message that back-references may reach; only with context takeover. */
  readonly dictionary?: Uint8Array;
  /** Inflating stops as soon as the output passes this. */
  readonly maxBytes: number;
}

export type InflateResult =
  | { readonly ok: true; readonly data: Uint8Array }
  | { readonly ok: false; readonly reason: "too-large" | "corrupt"; readonly detail: string };

export interface DeflateMessageOptions {
  readonly windowBits: number;
  readonly level: number;
  readonly memoryLevel: number;
  /** The bytes compressed before this message; only with context takeover. */
  readonly dictionary?: Uint8Array;
}

/**
 * Raw DEFLATE, one message a call and no state between calls (RFC 7692 §7.2): context takeover is carried by handing
 * the last window of plain bytes in as the dictionary, so no zlib context outlives a message.
 */
export interface DeflateCodec {
  /** Inflates a message payload whose final `00 00 ff ff` was removed by the sender; accepts blocks with BFINAL. */
  inflate(payload: Uint8Array, options: InflateOptions): InflateResult;
  /** Compresses, flushes and removes the final `00 00 ff ff`. */
  deflate(payload: Uint8Array, options: DeflateMessageOptions): Uint8Array;
}
