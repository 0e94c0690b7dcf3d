/** A faultless request for an answer that has lost its own, so that the engine's client can judge the rest of the answer. */
import { computeAccept } from "@antiphon/websocket";

export interface MatchingRequest {
  readonly text: string;
  /** A faultless answer with one more header line. */
  answer(line: string): string;
}

const key = "dGhlIHNhbXBsZSBub25jZQ==";

/** Offers what is given. */
export function createMatchingRequest(
  extensions: string | undefined,
  subprotocols: string | undefined,
): MatchingRequest {
  const lines = [
    "GET / HTTP/1.1",
    "Host: example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    ...(subprotocols === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocols}`]),
  ];
  return {
    text: endHead(lines),
    answer: (line) =>
      endHead([
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${computeAccept(key)}`,
        line,
      ]),
  };
}

function endHead(lines: readonly string[]): string {
  return [...lines, "", ""].join("\r\n");
}
