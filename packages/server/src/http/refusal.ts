/**
 * A failure → its answer: one shape of body, `{"error":text,"code":status}`, for every refusal of the HTTP side. Tells
 * the operator about each. The only place that turns failures into statuses.
 */
import { randomUUID } from "node:crypto";
import { type Failure, FailureError } from "@antiphon/websocket";
import type { FastifyReply, FastifyRequest } from "fastify";
import { httpFailures } from "../failures/http-failures.ts";
import { excerpt } from "../pusher/excerpt.ts";
import { splitTarget } from "../pusher/request-signing-text.ts";
import type { HttpApiOptions, HttpFailureContext } from "./http-api-options.ts";

/** Answers with a failure and reports it. `headers` are those that the status calls for. */
export type Refuse = (
  reply: FastifyReply,
  failure: Failure,
  headers?: Readonly<Record<string, string>>,
) => FastifyReply;

/** Seconds that a client is told to wait when the server cannot serve it now. */
const retryAfterSeconds = "1";

/**
 * Answers with JSON text. A serializer keeps Fastify from adding a charset, which some SDKs do not expect; a string leaves in
 * one write with the head.
 */
export function sendJson(reply: FastifyReply, text: string, status = 200): FastifyReply {
  return reply.code(status).serializer(asItIs).header("content-type", "application/json").send(text);
}

function asItIs(payload: string): string {
  return payload;
}

/** Makes the function that answers with failures. */
export function createRefusal(report: HttpApiOptions["report"]): Refuse {
  return (reply, failure, headers = {}) => {
    report(failure, describeRequest(reply.request));
    const status = statusOf(failure, reply.request);
    if (status === 503) reply.header("retry-after", retryAfterSeconds);
    return sendJson(reply.headers(headers), formatRefusal(failure, status), status);
  };
}

/** Answers an exception: by its own failure if it carries one that is meant for HTTP, otherwise without telling why. */
export function refuseException(
  report: HttpApiOptions["report"],
  error: unknown,
  reply: FastifyReply,
): FastifyReply {
  const failure =
    error instanceof FailureError && error.failure.httpStatus !== undefined
      ? error.failure
      : httpFailures.create("http-internal-error", { id: randomUUID() });
  return createRefusal((each, context) => report(each, { ...context, error }))(reply, failure);
}

/** The body of a refusal. A refused field is also named as Reverb names it. */
export function formatRefusal(failure: Failure, status: number): string {
  const error = `${failure.message} ${failure.fix}`;
  const field = status === 422 ? failure.evidence["field"] : undefined;
  return JSON.stringify({
    error,
    code: status,
    ...(typeof field === "string" ? { [field]: [failure.message] } : {}),
  });
}

/** Reverb answers 422 where the others answer 400 about a field. */
function statusOf(failure: Failure, request: FastifyRequest): number {
  const status = failure.httpStatus ?? 500;
  const isRefusedField = status === 400 && failure.evidence["field"] !== undefined;
  return isRefusedField && request.caller?.profile === "reverb" ? 422 : status;
}

function describeRequest(request: FastifyRequest): HttpFailureContext {
  return {
    method: request.method,
    path: excerpt(splitTarget(request.raw.url ?? "").path),
    remoteAddress: request.raw.socket.remoteAddress,
    ...(request.caller ? { appId: request.caller.id } : {}),
  };
}
