/**
 * RFC 7692 message compression on Node's zlib, synchronously and without a context per connection: a live zlib context
 * costs 19–238 KB, a window of plain bytes at most 32.
 */
import { kMaxLength } from "node:buffer";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { slideWindow } from "../protocol/permessage-deflate.ts";
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
/** Each final block costs a new zlib stream but only two bytes on the wire; honest senders use one a message. */
const maxFinalBlocks = 16;

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
  for (;;) {
    const inflated = inflateStream(rest, dictionary, options.maxBytes - outputBytes, options);
    if ("ok" in inflated) return inflated;
    parts.push(inflated.buffer);
    outputBytes += inflated.buffer.length;
    // A block with BFINAL ends a stream inside the message (RFC 7692 §7.2.3.4); what follows needs a new stream that
    // may still refer back.
    rest = rest.subarray(inflated.engine.bytesWritten);
    if (rest.length === 0 || rest.equals(endOfMessage)) break;
    if (parts.length === maxFinalBlocks) return fail("corrupt", `more than ${maxFinalBlocks} final blocks`);
    dictionary = slideWindow(dictionary, inflated.buffer, options.windowBits);
  }
  return { ok: true, data: parts.length === 1 ? parts[0]! : Buffer.concat(parts) };
}

/** Inflates up to the first final block; `info` tells how far that was. */
function inflateStream(
  bytes: Buffer,
  dictionary: Uint8Array | undefined,
  maxBytes: number,
  { windowBits }: InflateOptions,
): InflateInfo | Extract<InflateResult, { ok: false }> {
  try {
    // One byte beyond the limit is enough to see that it is passed, and inflating stops there.
    const maxOutputLength = Math.min(maxBytes + 1, kMaxLength);
    const result = inflateRawSync(bytes, {
      windowBits,
      maxOutputLength,
      // zlib's 16 KiB of output for every small message costs a quarter of the time.
      chunkSize: Math.min(Math.max(bytes.length * 4, 1024), 16_384),
      info: true,
      ...(dictionary && { dictionary }),
      // @types/node does not know what `info` returns.
    }) as unknown as InflateInfo;
    return result.buffer.length > maxBytes ? fail("too-large", `more than ${maxBytes} bytes`) : result;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ("code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      return fail("too-large", `more than ${maxBytes} bytes`);
    }
    // Wrong options are the caller's mistake, not the peer's.
    if (error instanceof RangeError || error instanceof TypeError) throw error;
    return fail("corrupt", error.message);
  }
}

function fail(reason: "too-large" | "corrupt", detail: string): Extract<InflateResult, { ok: false }> {
  return { ok: false, reason, detail };
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
