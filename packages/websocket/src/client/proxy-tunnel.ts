/** A tunnel through an HTTP proxy (RFC 9110 §9.3.6): CONNECT, and a socket that leads to the server if it is granted. */
import type { Socket } from "node:net";
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import { FailureError } from "../failures/failure.ts";
import { describeUnsendableHeader, formatHead, type HeaderLine } from "../protocol/header-fields.ts";
import { judgeConnectResponse } from "../protocol/response-status.ts";
import type { ConnectAttempt } from "./connect-attempt.ts";
import { exchangeHead } from "./exchange-head.ts";
import type { Proxy } from "./proxy-selection.ts";
import { formatAddress } from "./transport-failure.ts";
import type { WebSocketTarget } from "./websocket-url.ts";

/** Asks the proxy at the other end of `socket` for a tunnel to `target`. */
export async function openTunnel(
  attempt: ConnectAttempt,
  socket: Socket,
  proxy: Proxy,
  target: WebSocketTarget,
): Promise<void> {
  const authority = formatAddress(target);
  const headers: readonly HeaderLine[] = [["Host", authority], ...proxy.headers];
  for (const line of headers) {
    const problem = describeUnsendableHeader(line);
    if (problem === undefined) continue;
    const evidence = { header: toEvidenceText(line[0]), problem };
    throw new FailureError(engineFailures.create("request-header-not-allowed", evidence));
  }
  attempt.enter("proxy");
  const request = formatHead(`CONNECT ${authority} HTTP/1.1`, headers);
  const answer = await exchangeHead(attempt, socket, request, proxy.hostname);
  if (!answer.ok) {
    const { failure, cause } = answer;
    const isOfTls = failure.name.startsWith("tls-");
    const named = isOfTls
      ? failure
      : engineFailures.create("proxy-response-invalid", { problem: failure.message });
    throw attempt.fail(named, { cause });
  }
  const refusal = judgeConnectResponse(answer.head);
  if (refusal) throw attempt.fail(refusal);
  // A server that speaks first (with a TLS alert, say) may come glued to the proxy's answer.
  if (answer.rest.length > 0) socket.unshift(answer.rest);
}
