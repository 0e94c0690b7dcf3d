/**
 * Tells other nodes all that this node owns, in portions, each of which they ask for. Requests in, portions out; what is told
 * is read bit by bit from the hubs, so that a portion costs little and is as new as the changes sent before it. A reader that
 * does not come back is forgotten, and begins again if it does.
 */
import type { Scheduler } from "../../pusher/scheduler.ts";
import type { StateChange } from "../state-change.ts";
import { type ChangesJson, maxChangesTogether, type SnapshotRequest, targetLength } from "./wire-message.ts";

type DescribedChange = readonly [appId: string, change: StateChange];

/** What is told to one reader. */
export interface SnapshotAnswer {
  readonly apps: readonly ChangesJson[];
  readonly done: boolean;
}

export interface SnapshotSourceOptions {
  readonly describeOwnState: () => Iterable<DescribedChange>;
  readonly describeCachedEvents: (withinMs: number) => Iterable<DescribedChange>;
  /** A reader that has not asked for this long is forgotten. */
  readonly patienceMs: number;
  readonly scheduler: Scheduler;
}

interface Reader {
  readonly id: number;
  readonly changes: Iterator<DescribedChange>;
  next: number;
  forget: () => void;
}

/** So many are told at a time; others come back after a while. */
export const maxReaders = 16;

export class SnapshotSource {
  readonly #options: SnapshotSourceOptions;
  readonly #readers = new Map<string, Reader>();

  constructor(options: SnapshotSourceOptions) {
    this.#options = options;
  }

  /** What to answer to a node; `undefined` for nothing, because it asks for what it cannot have. */
  answer(requester: string, request: SnapshotRequest): SnapshotAnswer | "busy" | undefined {
    const reader = request.portion === 0 ? this.#open(requester, request) : this.#readers.get(requester);
    if (reader === undefined) return request.portion === 0 ? "busy" : undefined;
    if (reader.id !== request.id || reader.next !== request.portion) return undefined;
    reader.next += 1;
    reader.forget();
    const answer = readPortion(reader.changes);
    if (answer.done) this.#readers.delete(requester);
    else reader.forget = this.#forgetLater(requester);
    return answer;
  }

  /** Forgets all readers. */
  close(): void {
    for (const { forget } of this.#readers.values()) forget();
    this.#readers.clear();
  }

  #open(requester: string, { id, cachedWithinMs }: SnapshotRequest): Reader | undefined {
    const known = this.#readers.get(requester);
    if (known === undefined && this.#readers.size >= maxReaders) return undefined;
    known?.forget();
    const reader = {
      id,
      changes: this.#describe(cachedWithinMs),
      next: 0,
      forget: () => undefined,
    };
    this.#readers.set(requester, reader);
    return reader;
  }

  *#describe(cachedWithinMs: number): Iterator<DescribedChange> {
    const { describeOwnState, describeCachedEvents } = this.#options;
    yield* describeOwnState();
    yield* describeCachedEvents(cachedWithinMs);
  }

  #forgetLater(requester: string): () => void {
    const { patienceMs, scheduler } = this.#options;
    return scheduler.schedule(patienceMs, () => this.#readers.delete(requester));
  }
}

/** Reads no further than it tells: what is read later is newer. */
function readPortion(changes: Iterator<DescribedChange>): SnapshotAnswer {
  const byApp = new Map<string, string[]>();
  let length = 0;
  for (let count = 0; count < maxChangesTogether && length < targetLength; count++) {
    const next = changes.next();
    if (next.done) return { apps: listApps(byApp), done: true };
    const [appId, change] = next.value;
    const json = JSON.stringify(change);
    length += json.length;
    const told = byApp.get(appId);
    if (told) told.push(json);
    else byApp.set(appId, [json]);
  }
  return { apps: listApps(byApp), done: false };
}

function listApps(byApp: ReadonlyMap<string, readonly string[]>): ChangesJson[] {
  return Array.from(byApp, ([appId, json]) => ({ appId, json }));
}
