/**
 * The body of a request: a stream in, its raw bytes or a failure out. A body over the limit is read to its end and thrown
 * away, so that the client sees the 413 and the socket serves its next request. Called by Fastify's body parser.
 */
import type { Readable } from "node:stream";
import type { Failure } from "@antiphon/websocket";
import { httpFailures } from "../failures/http-failures.ts";

/** What {@link readBody} answers. The bytes belong to the reader. */
export type ReadBody =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly failure: Failure; readonly mustClose: boolean };

/** How much of an oversized body is read to save the socket; beyond it the connection is closed instead. */
export const maxDiscardedBytes = 4 * 1024 * 1024;

/** The body of a request that has none. */
export const emptyBody: ReadBody = { ok: true, bytes: Buffer.alloc(0) };

/** Reads a body of at most `limit` bytes. `declaredBytes` is its Content-Length, if it has one. Never rejects. */
export function readBody(
  stream: Readable,
  limit: number,
  declaredBytes: number | undefined,
): Promise<ReadBody> {
  const most = limit + maxDiscardedBytes;
  if (declaredBytes !== undefined && declaredBytes > most) return Promise.resolve(refuseBody(limit, true));
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let isDone = false;

    // The listeners stay: they cost less than their removal, and a socket that fails later has nobody left to tell.
    function finish(body: ReadBody): void {
      isDone = true;
      resolve(body);
    }
    function onData(chunk: Buffer): void {
      if (isDone) return;
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else if (size <= most) chunks.length = 0;
      else finish(refuseBody(limit, true));
    }
    function onEnd(): void {
      if (isDone) return;
      finish(size <= limit ? { ok: true, bytes: joinChunks(chunks, size) } : refuseBody(limit, false));
    }
    function onGone(): void {
      if (isDone) return;
      const failure = httpFailures.create("http-body-incomplete", { receivedBytes: size });
      finish({ ok: false, failure, mustClose: true });
    }
    stream.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone);
  });
}

function joinChunks(chunks: readonly Buffer[], size: number): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size);
}

function refuseBody(limit: number, mustClose: boolean): ReadBody {
  return { ok: false, failure: httpFailures.create("http-body-too-large", { limit }), mustClose };
}
