import type { Duplex } from "node:stream";

/** Input is read and discarded this long after a refusal. */
const lingerMs = 1000;

/**
 * Writes a whole HTTP response and ends the connection. What the client still sends is read and discarded for a moment:
 * unread input would turn the FIN into a reset, and the client would never see the answer.
 */
export function refuseSocket(socket: Duplex, response: string): void {
  socket.on("error", ignoreError);
  socket.removeAllListeners("data");
  socket.resume();
  socket.end(response, "utf8");
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}

/** The answer is all there was to say; whether it arrives is the client's affair. */
function ignoreError(): void {}
