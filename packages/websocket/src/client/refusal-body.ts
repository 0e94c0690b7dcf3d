/**
 * The body of an answer that is not a 101 (RFC 9112 §6): bytes in as they arrive, up to 64 KiB of content out, without
 * the chunked framing. It explains a refusal; nothing depends on its being whole.
 */
import { HeaderFields } from "../protocol/header-fields.ts";
import type { ResponseHead } from "../protocol/response-head-reader.ts";

export const maxRefusalBodyBytes = 65_536;

type ChunkState = "size" | "data" | "data-end" | "done";

const lineFeed = 0x0a;

export class RefusalBody {
  readonly #isChunked: boolean;
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;
  /** Content that is still to come; Infinity if it ends with the connection. */
  #expected: number;
  #chunkState: ChunkState = "size";
  #chunkLeft = 0;
  #sizeLine = "";

  constructor(head: ResponseHead) {
    const fields = new HeaderFields(head.rawHeaders);
    this.#isChunked = /(?:^|,)[ \t]*chunked$/i.test(fields.get("transfer-encoding") ?? "");
    const length = fields.get("content-length");
    const hasNone = head.status === 204 || head.status === 304 || head.status < 200;
    if (hasNone) this.#expected = 0;
    else if (!this.#isChunked && length !== undefined && /^\d{1,15}$/.test(length))
      this.#expected = Number(length);
    else this.#expected = Number.POSITIVE_INFINITY;
  }

  /** Whether nothing more is wanted: the body is whole, broken, or as large as is kept. */
  get isComplete(): boolean {
    return this.#expected <= 0 || this.#bytes >= maxRefusalBodyBytes || this.#chunkState === "done";
  }

  push(chunk: Uint8Array): void {
    if (this.#isChunked) this.#pushChunked(chunk);
    else this.#keep(chunk);
  }

  /** What has come so far. */
  take(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #keep(content: Uint8Array): void {
    const kept = content.subarray(0, Math.min(this.#expected, maxRefusalBodyBytes - this.#bytes));
    this.#expected -= kept.length;
    this.#bytes += kept.length;
    // A copy: the rest of a large read would stay in memory as long as the error does.
    if (kept.length > 0) this.#parts.push(kept.slice());
  }

  #pushChunked(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0 && !this.isComplete) {
      if (this.#chunkState === "data") {
        const content = rest.subarray(0, this.#chunkLeft);
        this.#keep(content);
        this.#chunkLeft -= content.length;
        rest = rest.subarray(content.length);
        if (this.#chunkLeft === 0) this.#chunkState = "data-end";
        continue;
      }
      const lineEnd = rest.indexOf(lineFeed);
      const line = lineEnd < 0 ? rest : rest.subarray(0, lineEnd);
      if (this.#chunkState === "size") this.#sizeLine += Buffer.from(line).toString("latin1").slice(0, 64);
      rest = lineEnd < 0 ? rest.subarray(rest.length) : rest.subarray(lineEnd + 1);
      if (lineEnd >= 0) this.#endLine();
      else if (this.#sizeLine.length > 256) this.#chunkState = "done";
    }
  }

  #endLine(): void {
    if (this.#chunkState === "data-end") {
      this.#chunkState = "size";
      return;
    }
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?\r?$/i.exec(this.#sizeLine)?.[1];
    this.#sizeLine = "";
    this.#chunkLeft = size === undefined ? 0 : Number.parseInt(size, 16);
    this.#chunkState = this.#chunkLeft > 0 ? "data" : "done";
  }
}
