/**
 * RFC 7692 message compression on Node's zlib, synchronously and without a context per connection: a live zlib context
 * costs 19–238 KB, a window of plain bytes at most 32.
 */
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import type {
  DeflateCodec,
  DeflateMessageOptions,
  InflateOptions,
  InflateResult,
} from "../protocol/primitives.ts";

/** What a sync flush ends with; removed by the sender, put back by the receiver (RFC 7692 §7.2.1). */
const flushTail = Buffer.from([0x00, 0x00, 0xff, 0xff]);
/** The flush tail and an empty final block: zlib then reports a message that was cut off inside a block. */
const endOfMessage = Buffer.from([0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff]);
const emptyMessage = Buffer.from([0x00]);

interface InflateInfo {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

export const deflateCodec: DeflateCodec = { inflate: inflateMessage, deflate: deflateMessage };

function inflateMessage(payload: Uint8Array, options: InflateOptions): InflateResult {
  let rest = Buffer.concat([payload, endOfMessage]);
  let dictionary = options.dictionary;
  const parts: Buffer[] = [];
  let outputBytes = 0;
  try {
    for (;;) {
      // With `info`, zlib also tells how far it read: a block with BFINAL ends a stream inside the message
      // (RFC 7692 §7.2.3.4), and what follows needs a new stream that may still refer back.
      const { buffer, engine } = inflateRawSync(rest, {
        windowBits: Math.max(options.windowBits, 9),
        // Inflating stops here; one byte beyond the limit is enough to see that it is passed.
        maxOutputLength: options.maxBytes - outputBytes + 1,
        info: true,
        ...(dictionary && { dictionary }),
      }) as unknown as InflateInfo;
      parts.push(buffer);
      outputBytes += buffer.length;
      if (outputBytes > options.maxBytes) return tooLarge(options.maxBytes);
      rest = rest.subarray(engine.bytesWritten);
      if (rest.length === 0 || rest.equals(endOfMessage)) break;
      dictionary = lastWindow(dictionary, parts, options.windowBits);
    }
  } catch (error) {
    if (error instanceof RangeError) return tooLarge(options.maxBytes);
    return { ok: false, reason: "corrupt", detail: error instanceof Error ? error.message : String(error) };
  }
  return { ok: true, data: parts.length === 1 ? parts[0]! : Buffer.concat(parts) };
}

function tooLarge(maxBytes: number): InflateResult {
  return { ok: false, reason: "too-large", detail: `more than ${maxBytes} bytes` };
}

function lastWindow(
  dictionary: Uint8Array | undefined,
  parts: readonly Buffer[],
  windowBits: number,
): Buffer {
  const all = Buffer.concat(dictionary ? [dictionary, ...parts] : parts);
  return all.subarray(Math.max(0, all.length - 2 ** windowBits));
}

function deflateMessage(payload: Uint8Array, options: DeflateMessageOptions): Uint8Array {
  if (payload.length === 0) return emptyMessage;
  const flushed = deflateRawSync(payload, {
    finishFlush: constants.Z_SYNC_FLUSH,
    windowBits: options.windowBits,
    level: options.level,
    memLevel: options.memoryLevel,
    ...(options.dictionary && { dictionary: options.dictionary }),
  });
  return flushed.subarray(0, flushed.length - flushTail.length);
}
