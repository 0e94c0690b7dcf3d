/** Who sent some bytes: told by whoever knows, by the handshake they begin with, or guessed from the mask bit. */
import type { Role } from "@antiphon/websocket";

export interface GuessedSender {
  readonly role: Role;
  /** Why, as the end of a sentence. */
  readonly reason: string;
}

/** Clients mask every frame and servers none, so the first frame's mask bit tells, unless it is what is wrong. */
export function guessSender(bytes: Uint8Array, from: Role | undefined): GuessedSender {
  const start = Buffer.from(bytes.subarray(0, 16)).toString("latin1");
  if (/^HTTP\/\d/.test(start)) return { role: "server", reason: "they begin with an HTTP response" };
  if (/^[A-Z]{3,7} \S/.test(start)) return { role: "client", reason: "they begin with an HTTP request" };
  if (from !== undefined) return { role: from, reason: "as --from says" };
  const second = bytes[1];
  if (second === undefined)
    return { role: "server", reason: "a guess; --from client or --from server tells" };
  const isMasked = second >= 0x80;
  return {
    role: isMasked ? "client" : "server",
    reason: `guessed: the first frame is ${isMasked ? "masked" : "not masked"}; --from tells`,
  };
}
