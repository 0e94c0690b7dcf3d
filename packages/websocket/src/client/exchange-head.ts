/**
 * The HTTP part of an attempt: writes a request head and reads the head of the answer, for CONNECT to a proxy and for the
 * upgrade itself; and the body of an answer that refuses.
 */
import type { Socket } from "node:net";
import type { Failure } from "../failures/failure.ts";
import { type ResponseHead, ResponseHeadReader } from "../protocol/response-head-reader.ts";
import type { ConnectAttempt } from "./connect-attempt.ts";
import { RefusalBody } from "./refusal-body.ts";
import { isTlsError, nameEarlyEnd, nameTlsError } from "./transport-failure.ts";

export type HeadAnswer =
  | { readonly ok: true; readonly head: ResponseHead; readonly rest: Uint8Array }
  | { readonly ok: false; readonly failure: Failure; readonly cause?: unknown };

/** How long the body of a refusal may take: the refusal stands without it. */
const bodyTimeoutMs = 2000;

/** Sends `request` and reads up to the end of the answer's head; the socket is paused then. */
export function exchangeHead(
  attempt: ConnectAttempt,
  socket: Socket,
  request: string,
  hostname: string,
): Promise<HeadAnswer> {
  return attempt.run<HeadAnswer>((settle) => {
    const reader = new ResponseHeadReader();
    const onData = (chunk: Uint8Array): void => {
      const result = reader.push(chunk);
      if (result.status === "need-more") return;
      socket.pause();
      settle.resolve(
        result.status === "head"
          ? { ok: true, head: result.head, rest: result.rest }
          : { ok: false, failure: result.failure },
      );
    };
    const onEnd = (): void => settle.resolve({ ok: false, failure: nameEnd(reader, socket) });
    const onError = (cause: Error): void => {
      const failure = isTlsError(cause) ? nameTlsError(cause, hostname) : nameEnd(reader, socket);
      settle.resolve({ ok: false, failure, cause });
    };
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onError);
    socket.write(request, "latin1");
    return () => {
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError);
    };
  });
}

/** Reads the body of a refusal for as long as it is worth; never fails but by abort. */
export function readRefusalBody(
  attempt: ConnectAttempt,
  socket: Socket,
  head: ResponseHead,
  rest: Uint8Array,
): Promise<Uint8Array> {
  const body = new RefusalBody(head);
  body.push(rest);
  if (body.isComplete) return Promise.resolve(body.take());
  return attempt.run<Uint8Array>(
    (settle) => {
      const onDone = (): void => settle.resolve(body.take());
      const onData = (chunk: Uint8Array): void => {
        body.push(chunk);
        if (body.isComplete) onDone();
      };
      const timer = setTimeout(onDone, bodyTimeoutMs);
      socket.on("data", onData).on("end", onDone).on("close", onDone).on("error", onDone);
      socket.resume();
      return () => {
        clearTimeout(timer);
        socket.off("data", onData).off("end", onDone).off("close", onDone).off("error", onDone);
      };
    },
    () => body.take(),
  );
}

function nameEnd(reader: ResponseHeadReader, socket: Socket): Failure {
  return nameEarlyEnd(reader.end(), { isSecure: "encrypted" in socket, port: socket.remotePort });
}
