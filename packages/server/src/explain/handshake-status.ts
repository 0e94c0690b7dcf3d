/** What an HTTP status means as the answer to a WebSocket handshake: the engine's client judges an answer with nothing but it. */
import { engineFailures } from "@antiphon/websocket";
import { inspectHandshake } from "@antiphon/websocket/inspect";
import { allFailures } from "../failures/all-failures.ts";
import { type FailureText, findFailureText, listFailureTexts } from "./failure-text.ts";

export interface StatusExplanation {
  readonly kind: "http-status";
  readonly status: number;
  /** What a client makes of it; `undefined` for 101 alone. */
  readonly received: FailureText | undefined;
  /** What this server refuses handshakes with it for. */
  readonly handshakeRefusals: readonly FailureText[];
  /** What the HTTP API answers it for. */
  readonly apiRefusals: readonly FailureText[];
}

const request = [
  "GET / HTTP/1.1",
  "Host: example.com",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
  "",
  "",
].join("\r\n");

/** Explains a status from 100 to 599. */
export function explainStatus(status: number): StatusExplanation {
  const refusing = [...allFailures].filter(([, { httpStatus }]) => httpStatus === status);
  return {
    kind: "http-status",
    status,
    received: status === 101 ? undefined : judgeStatus(status),
    handshakeRefusals: listFailureTexts(refusing.map(([name]) => name).filter(isOfEngine)),
    apiRefusals: listFailureTexts(refusing.map(([name]) => name).filter((name) => !isOfEngine(name))),
  };
}

function isOfEngine(name: string): boolean {
  return name in engineFailures.definitions;
}

function judgeStatus(status: number): FailureText | undefined {
  const { findings } = inspectHandshake(request, `HTTP/1.1 ${status} -\r\n\r\n`);
  const failure = findings.find((finding) => finding.in === "response")?.failure;
  const text = failure && findFailureText(failure.name);
  return failure && text && { ...text, message: failure.message };
}
