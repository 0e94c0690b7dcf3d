/**
 * Whether a NATS server is there and speaks: asked before the client connects, since the client keeps the socket of an attempt
 * that timed out (a stopped server still accepts), and is too general about what went wrong.
 */
import { connect } from "node:net";
import type { NatsServer } from "./nats-options.ts";

/** What servers say first, of which the first byte tells. */
const greeting = "INFO ";

/** Answers why this server cannot be used, fit for logs; `undefined` if it speaks. Never rejects. */
export function greetServer(
  { host, port }: NatsServer,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let problem: string | undefined = "closed the connection without a word";
    const end = (found: string | undefined): void => {
      problem = found;
      socket.destroy();
    };
    const abort = (): void => end("was not waited for");
    const timer = setTimeout(() => end(`said nothing for ${timeoutMs} ms`), timeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    socket.once("data", (chunk: Buffer) => end(judgeGreeting(chunk)));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      problem = `could not be reached (${error.code ?? "unknown"})`;
    });
    socket.once("close", () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      resolve(problem);
    });
  });
}

function judgeGreeting(chunk: Buffer): string | undefined {
  const start = chunk.toString("latin1", 0, greeting.length);
  if (greeting.startsWith(start)) return undefined;
  return start.startsWith("-ERR") ? `refused the connection ${readError(chunk)}` : "does not speak NATS";
}

/** `-ERR 'maximum connections exceeded'` */
function readError(chunk: Buffer): string {
  const text = /^-ERR '([\w ]{1,100})'/.exec(chunk.toString("latin1", 0, 120))?.[1];
  return text === undefined ? "" : `(${text})`;
}
