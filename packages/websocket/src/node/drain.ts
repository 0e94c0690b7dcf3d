/** Ending many connections politely: in random order, spread over a window, and by force at a deadline. */
import type { WebSocketConnection } from "./connection.ts";

export interface DrainPlan {
  /** Close frames are spread over this time, so that clients do not return all at once. */
  readonly windowMs: number;
  /** Whoever has not answered by then is cut off. */
  readonly deadlineMs: number;
  close(connection: WebSocketConnection): void;
  /** Open connections at this moment. */
  remaining(): readonly WebSocketConnection[];
  terminate(connection: WebSocketConnection, waitedMs: number): void;
  /** Aborted to skip all waiting. */
  readonly signal?: AbortSignal | undefined;
}

export interface DrainResult {
  /** Connections that ended by the closing handshake, or by themselves. */
  readonly clean: number;
  /** Connections that were cut off. */
  readonly forced: number;
  readonly durationMs: number;
}

const stepMs = 20;

/** Carries the plan out. */
export async function drain(plan: DrainPlan): Promise<DrainResult> {
  const windowMs = Math.min(plan.windowMs, plan.deadlineMs);
  const startedAt = performance.now();
  const waitedMs = (): number => Math.round(performance.now() - startedAt);
  const initial = plan.remaining();
  let waiting = shuffle([...initial]);
  const total = waiting.length;
  for (;;) {
    // Nobody waits for the turn of a connection that has left by itself.
    waiting = waiting.filter((connection) => connection.isOpen);
    if (waiting.length === 0) break;
    const share = windowMs === 0 || plan.signal?.aborted ? 1 : Math.min(1, waitedMs() / windowMs);
    // The first leave at once, so that a lone connection does not wait for the end of the window.
    const due = Math.max(1, Math.ceil(total * share)) - (total - waiting.length);
    for (const connection of waiting.splice(0, Math.max(0, due))) plan.close(connection);
    if (waiting.length > 0) await delay(stepMs);
  }
  while (plan.remaining().length > 0 && waitedMs() < plan.deadlineMs && !plan.signal?.aborted) {
    await delay(stepMs);
  }
  const forced = new Set(plan.remaining());
  for (const connection of forced) plan.terminate(connection, waitedMs());
  // Their close handlers run before the caller goes on.
  while (forced.size > 0 && plan.remaining().some((connection) => forced.has(connection))) await delay(0);
  const clean = initial.filter((connection) => !forced.has(connection)).length;
  return { clean, forced: forced.size, durationMs: waitedMs() };
}

function shuffle<T>(items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
