/**
 * Bytes that Node's parser could not make a request of, or that took too long: answered without Fastify, which never sees
 * them. Used where no WebSocket engine answers for the whole server.
 */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Failure } from "@antiphon/websocket";
import { httpFailures } from "../failures/http-failures.ts";
import type { ClientError, HttpApiOptions } from "./http-api-options.ts";
import { formatRefusal } from "./refusal.ts";

/** Makes the listener for a server's `clientError`. It always ends the connection. */
export function createClientErrorAnswer(report: HttpApiOptions["report"]) {
  return (error: ClientError, socket: Duplex): void => {
    const failure = judgeClientError(error.code);
    if (failure === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    report(failure, { method: "", path: "", remoteAddress: undefined });
    const status = failure.httpStatus ?? 400;
    const body = formatRefusal(failure, status);
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Connection: close",
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  };
}

/** Names the failure behind an error code of Node; `undefined` if the client is simply gone. */
function judgeClientError(code = "no code"): Failure | undefined {
  switch (code) {
    case "ECONNRESET":
    case "EPIPE":
    case "HPE_INVALID_EOF_STATE":
      return undefined;
    case "HPE_HEADER_OVERFLOW":
      return httpFailures.create("http-headers-too-large");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return httpFailures.create("http-request-timeout");
    default:
      return httpFailures.create("http-malformed", { code });
  }
}
