/**
 * How the benchmark talks to a server it has started: lines of JSON, commands on standard input and answers on standard
 * output. Works the same in Node and Bun. The first line out is `{"port":…}`.
 */
import { createInterface } from "node:readline";

export interface ServerCommands {
  /** Publishes one message to all subscribers, for scenarios that measure inside the server. */
  readonly publish: (payload: string) => void;
}

export type ServerCommand =
  | { readonly do: "collect" }
  | { readonly do: "hold"; readonly payload: string; readonly broadcasts: number }
  | { readonly do: "offer"; readonly perSecond: number; readonly seconds: number; readonly bytes: number };

/** Tells where the server listens, and serves commands until standard input ends; then the process ends. */
export function serveCommands(port: number, commands: ServerCommands): void {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    void run(JSON.parse(line) as ServerCommand, commands).then(answer);
  });
  lines.on("close", () => process.exit(0));
  answer({ port });
}

function answer(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function run(command: ServerCommand, { publish }: ServerCommands): Promise<unknown> {
  if (command.do === "hold")
    return { holdsMs: await measureHolds(publish, command.payload, command.broadcasts) };
  if (command.do === "offer")
    return { published: await offer(publish, command.perSecond, command.seconds, command.bytes) };
  collectGarbage();
  return {};
}

function collectGarbage(): void {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(force: boolean): void } };
  if (Bun) Bun.gc(true);
  else gc?.();
}

/**
 * For each broadcast the longest time in which the event loop could serve nobody else. A chain of `setImmediate` runs once
 * per turn of the loop, so the gap between two links is the time that one turn took.
 */
async function measureHolds(
  publish: (payload: string) => void,
  payload: string,
  broadcasts: number,
): Promise<number[]> {
  const turnsWatched = 20;
  const pauseMs = 150;
  const holds: number[] = [];
  for (let broadcast = 0; broadcast < broadcasts; broadcast += 1) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    let longest = 0;
    let last = performance.now();
    publish(payload);
    for (let turn = 0; turn < turnsWatched; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
    holds.push(longest);
  }
  return holds;
}

/** Digits of the due time that each offered message starts with: microseconds since 1970. */
export const stampDigits = 16;

/**
 * Publishes at a fixed rate. A message carries the time at which it was due, not the one at which it left: a server that
 * falls behind cannot hide its lag. Stops at the end of the time, whatever is due then. Returns how many it published.
 */
function offer(
  publish: (payload: string) => void,
  perSecond: number,
  seconds: number,
  bytes: number,
): Promise<number> {
  const padding = "x".repeat(bytes - stampDigits);
  const startedAt = performance.now();
  const elapsedMs = (): number => performance.now() - startedAt;
  const endMs = seconds * 1000;
  let published = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(Math.floor((elapsedMs() * perSecond) / 1000), perSecond * seconds);
      for (; published < due && elapsedMs() < endMs; published += 1) {
        const dueAt = performance.timeOrigin + startedAt + ((published + 1) * 1000) / perSecond;
        publish(Math.round(dueAt * 1000).toString() + padding);
      }
      if (elapsedMs() < endMs) return;
      clearInterval(timer);
      resolve(published);
    }, 1);
  });
}
