import {
  constants,
  createDeflateRaw,
  createInflateRaw,
  deflateRawSync,
  type DeflateRaw,
  type InflateRaw,
} from "node:zlib";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../../test/support/protocol-driver.ts";
import { MessageDeflater, MessageInflater } from "../protocol/permessage-deflate.ts";
import type { InflateResult } from "../protocol/primitives.ts";
import { deflateCodec } from "./deflate-codec.ts";

const limit = { windowBits: 15, maxBytes: 1_000_000 };
const settings = { level: 6, memoryLevel: 8 };

function inflate(hex: string, options = limit): string {
  const result = deflateCodec.inflate(Buffer.from(hex, "hex"), options);
  return result.ok ? Buffer.from(result.data).toString() : `${result.reason}: ${result.detail}`;
}

function expectData(result: InflateResult): Buffer {
  if (!result.ok) expect.unreachable(`${result.reason}: ${result.detail}`);
  return Buffer.from(result.data);
}

describe("inflating one message (RFC 7692 §7.2.2)", () => {
  it.each([
    ["a compressed block", "f248cdc9c90700", "Hello"],
    ["a stored block", "000500faff48656c6c6f00", "Hello"],
    ["a final block", "f348cdc9c9070000", "Hello"],
    ["a final block without the byte behind it", "f348cdc9c90700", "Hello"],
    ["two blocks", "f24805000000ffffcac9c90700", "Hello"],
    ["a final block and more", "f348cdc9c90700f248cdc9c90700", "HelloHello"],
    ["a message after a final block that refers back", "f348cdc9c90700f200110000", "HelloHello"],
    ["an empty message", "00", ""],
    ["an empty final block", "0300", ""],
  ])("reads %s", (_, hex, text) => {
    expect(inflate(hex)).toBe(text);
  });

  it.each([
    ["a reserved block type", "07"],
    ["a block that is cut off", "f248cdc9"],
    ["a stored block that is cut off", "000500faff48656c"],
    ["a stored block with the wrong check of its length", "000500ffff48656c6c6f00"],
    ["a reference before the start", "f200110000"],
    ["no bytes at all", ""],
    ["a flush tail that was not removed", "f248cdc9c907000000ffff"],
  ])("refuses %s", (_, hex) => {
    expect(inflate(hex)).toMatch(/^corrupt: [a-z]/);
  });

  it("refers back into the dictionary", () => {
    const dictionary = Buffer.from("Hello");
    expect(
      expectData(deflateCodec.inflate(Buffer.from("f200110000", "hex"), { ...limit, dictionary })).toString(),
    ).toBe("Hello");
  });

  it("detects every cut of a message that has no shorter message inside", () => {
    const text = "the quick brown fox jumps over the lazy dog, ".repeat(20);
    const whole = deflateCodec.deflate(Buffer.from(text), { windowBits: 15, ...settings });
    for (let length = 0; length < whole.length; length += 1) {
      const result = deflateCodec.inflate(whole.subarray(0, length), limit);
      expect(result.ok, `${length} of ${whole.length} bytes`).toBe(false);
    }
  });

  it("takes output up to the limit and not one byte more", () => {
    for (const size of [0, 1, 1023, 1024, 1025, 16_384, 100_000]) {
      const payload = deflateCodec.deflate(Buffer.alloc(size, 7), { windowBits: 15, ...settings });
      expect(expectData(deflateCodec.inflate(payload, { ...limit, maxBytes: size })).length).toBe(size);
      if (size === 0) continue;
      const result = deflateCodec.inflate(payload, { ...limit, maxBytes: size - 1 });
      expect(result).toMatchObject({ ok: false, reason: "too-large" });
    }
  });

  it("stops a bomb at the limit, in a thousandth of the memory it would take", () => {
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024), { finishFlush: constants.Z_SYNC_FLUSH });
    const before = process.memoryUsage().arrayBuffers;
    const result = deflateCodec.inflate(bomb, { ...limit, maxBytes: 65_536 });
    const grown = process.memoryUsage().arrayBuffers - before;
    expect(result).toMatchObject({ ok: false, reason: "too-large" });
    expect(grown).toBeLessThan(2 * bomb.length + 1024 * 1024);
  });

  it("takes limits that no buffer can reach", () => {
    for (const maxBytes of [Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
      expect(inflate("f248cdc9c90700", { ...limit, maxBytes })).toBe("Hello");
    }
  });

  it("counts the output of all final blocks together", () => {
    const block = deflateRawSync(Buffer.alloc(600));
    const payload = Buffer.concat([block, block, Buffer.from([0])]);
    expect(expectData(deflateCodec.inflate(payload, { ...limit, maxBytes: 1200 })).length).toBe(1200);
    expect(deflateCodec.inflate(payload, { ...limit, maxBytes: 1199 })).toMatchObject({
      reason: "too-large",
    });
  });

  it("gives up on a payload made of final blocks, each of which would cost a new stream", () => {
    expect(inflate("0300".repeat(15))).toBe("");
    expect(inflate("0300".repeat(500_000))).toBe("corrupt: more than 16 final blocks");
  });

  it("reaches the first byte of a full window", () => {
    // One match of 10 bytes at distance 512, the whole window of 2^9; zlib itself never goes that far.
    const match = Buffer.from("42c43f00", "hex");
    const window = Buffer.from(Array.from({ length: 512 }, (_, at) => 0x61 + (at % 26)));
    const options = { ...limit, windowBits: 9 };
    const whole = deflateCodec.inflate(match, { ...options, dictionary: window });
    expect(expectData(whole).toString()).toBe("abcdefghij");
    const shorter = deflateCodec.inflate(match, { ...options, dictionary: window.subarray(1) });
    expect(shorter).toMatchObject({ ok: false, reason: "corrupt" });
  });

  it("throws for options that no peer can cause", () => {
    expect(() => inflate("00", { ...limit, windowBits: 99 })).toThrow(RangeError);
  });
});

describe("deflating one message (RFC 7692 §7.2.1)", () => {
  const options = { windowBits: 15, ...settings };

  it.each([
    ["Hello", "f248cdc9c90700"],
    ["", "00"],
  ])("writes %j as %s", (text, hex) => {
    expect(Buffer.from(deflateCodec.deflate(Buffer.from(text), options)).toString("hex")).toBe(hex);
  });

  it("refers back into the dictionary", () => {
    const compressed = deflateCodec.deflate(Buffer.from("Hello"), {
      ...options,
      dictionary: Buffer.from("Hello"),
    });
    expect(Buffer.from(compressed).toString("hex")).toBe("f200110000");
  });

  it("never leaves the flush tail on", () => {
    const random = createRandom(1);
    for (let size = 1; size < 3000; size = Math.ceil(size * 1.3)) {
      const bytes = Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
      const compressed = Buffer.from(deflateCodec.deflate(bytes, options));
      expect(compressed.subarray(-4).toString("hex")).not.toBe("0000ffff");
    }
  });
});

/** A peer that keeps one zlib stream for the whole connection, as most implementations do. */
class StreamingPeer {
  readonly #stream: DeflateRaw | InflateRaw;
  #parts: Buffer[] = [];

  constructor(stream: DeflateRaw | InflateRaw) {
    this.#stream = stream;
    stream.on("data", (part: Buffer) => this.#parts.push(part));
  }

  async process(bytes: Uint8Array): Promise<Buffer> {
    this.#stream.write(bytes);
    await new Promise<void>((resolve, reject) => {
      this.#stream.once("error", reject);
      this.#stream.flush(constants.Z_SYNC_FLUSH, () => {
        this.#stream.removeListener("error", reject);
        resolve();
      });
    });
    const joined = Buffer.concat(this.#parts);
    this.#parts = [];
    return joined;
  }

  close(): void {
    this.#stream.close();
  }
}

/** Messages with much in common, over many windows, some empty and some that do not compress. */
function makeMessages(count: number): Buffer[] {
  const random = createRandom(count);
  return Array.from({ length: count }, (_, at) => {
    if (at % 13 === 12) return Buffer.from(Array.from({ length: 700 }, () => Math.floor(random() * 256)));
    if (at % 17 === 16) return Buffer.alloc(40_000, `filler ${at} `);
    const ticks = Array.from(
      { length: 1 + (at % 20) },
      (_, n) => `{"event":"tick","n":${n},"price":${random()}}`,
    );
    return Buffer.from(ticks.join(","));
  });
}

const flushTail = Buffer.from([0x00, 0x00, 0xff, 0xff]);

describe.each([8, 9, 10, 12, 15])("context takeover with a window of 2^%d bytes", (windowBits) => {
  const messages = makeMessages(120);
  const direction = { windowBits, contextTakeover: true };

  it("reads what a streaming compressor sends", async () => {
    const peer = new StreamingPeer(createDeflateRaw({ windowBits }));
    const inflater = new MessageInflater(deflateCodec, direction);
    for (const message of messages) {
      const flushed = await peer.process(message);
      const payload = flushed.subarray(0, flushed.length - 4);
      expect(expectData(inflater.inflate(payload, 1_000_000)).equals(message)).toBe(true);
    }
    peer.close();
  });

  it("sends what a streaming inflater with no more than this window reads", async () => {
    // With small output buffers zlib refuses every distance beyond the window.
    const peer = new StreamingPeer(createInflateRaw({ windowBits, chunkSize: 64 }));
    const deflater = new MessageDeflater(deflateCodec, direction, settings);
    let compressedBytes = 0;
    for (const message of messages) {
      const payload = deflater.deflate(message);
      compressedBytes += payload.length;
      const inflated = await peer.process(Buffer.concat([payload, flushTail]));
      expect(inflated.equals(message)).toBe(true);
    }
    peer.close();
    const plainBytes = messages.reduce((sum, message) => sum + message.length, 0);
    expect(compressedBytes).toBeLessThan(plainBytes / 2);
  });

  it("reads its own messages", () => {
    const deflater = new MessageDeflater(deflateCodec, direction, settings);
    const inflater = new MessageInflater(deflateCodec, direction);
    for (const message of messages) {
      expect(expectData(inflater.inflate(deflater.deflate(message), 1_000_000)).equals(message)).toBe(true);
    }
  });
});

describe("context takeover", () => {
  const hello = Buffer.from("Hello");

  it("makes the second message shorter", () => {
    const direction = { windowBits: 15, contextTakeover: true };
    const deflater = new MessageDeflater(deflateCodec, direction, settings);
    const inflater = new MessageInflater(deflateCodec, direction);
    for (const hex of ["f248cdc9c90700", "f200110000"]) {
      const payload = deflater.deflate(hello);
      expect(Buffer.from(payload).toString("hex")).toBe(hex);
      expect(expectData(inflater.inflate(payload, 100)).toString()).toBe("Hello");
    }
    expect(deflater.isShareable).toBe(false);
  });

  it("goes on after a final block", () => {
    const inflater = new MessageInflater(deflateCodec, { windowBits: 15, contextTakeover: true });
    for (const hex of ["f348cdc9c9070000", "f200110000", "f348cdc9c90700", "f200110000"]) {
      expect(expectData(inflater.inflate(Buffer.from(hex, "hex"), 100)).toString()).toBe("Hello");
    }
  });

  it("that was declined makes every message stand by itself", () => {
    const direction = { windowBits: 15, contextTakeover: false };
    const deflater = new MessageDeflater(deflateCodec, direction, settings);
    const inflater = new MessageInflater(deflateCodec, direction);
    for (let i = 0; i < 2; i += 1) {
      expect(Buffer.from(deflater.deflate(hello)).toString("hex")).toBe("f248cdc9c90700");
      expect(expectData(inflater.inflate(Buffer.from("f248cdc9c90700", "hex"), 100)).toString()).toBe(
        "Hello",
      );
    }
    expect(inflater.inflate(Buffer.from("f200110000", "hex"), 100)).toMatchObject({
      ok: false,
      reason: "corrupt",
    });
    expect(deflater.isShareable).toBe(true);
  });

  it("does not keep more of a large message than the window", () => {
    const direction = { windowBits: 9, contextTakeover: true };
    const deflater = new MessageDeflater(deflateCodec, direction, settings);
    const inflater = new MessageInflater(deflateCodec, direction);
    const random = createRandom(3);
    const noise = Buffer.from(Array.from({ length: 5000 }, () => Math.floor(random() * 256)));
    for (const message of [noise, noise.subarray(0, 300), noise.subarray(4700), noise]) {
      expect(expectData(inflater.inflate(deflater.deflate(message), 10_000)).equals(message)).toBe(true);
    }
  });
});
