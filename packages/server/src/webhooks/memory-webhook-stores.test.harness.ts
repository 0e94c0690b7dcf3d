/** Stores in memory that behave as Redis does, shared by everybody who connects, and away when a test says so. */
import {
  type AppendRequest,
  type AppendResult,
  type DeadLetter,
  type DeadReason,
  maxDeadLetters,
  type StoreAddress,
  type StoredEvent,
  type WebhookStore,
  type WebhookStores,
} from "./webhook-store.ts";
import type { StoreBackend } from "./webhook-store-contract.test.harness.ts";

type Event = Omit<StoredEvent, "position">;

class Contents {
  readonly queue = new Map<number, Event>();
  readonly told = new Set<string>();
  readonly dead = new Map<number, Event & DeadReason>();
  readonly writers = new Map<string, number>();
  claim: string | undefined;
}

export class MemoryBackend {
  readonly watchers = new Set<() => void>();
  isAway = false;
  #contents = new Map<string, Contents>();
  #lastId = 0;

  nextId(): number {
    return ++this.#lastId;
  }

  empty(): void {
    this.#contents = new Map();
  }

  contentsOf(key: string): Contents {
    const found = this.#contents.get(key) ?? new Contents();
    this.#contents.set(key, found);
    return found;
  }
}

export class MemoryWebhookStores implements WebhookStores {
  readonly name = "memory of the test";
  readonly #backend: MemoryBackend;
  readonly #maxEvents: number;
  #closed = false;

  constructor(backend: MemoryBackend, maxEvents: number) {
    this.#backend = backend;
    this.#maxEvents = maxEvents;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  open({ appId, webhookId }: StoreAddress): WebhookStore {
    return new MemoryWebhookStore(this, this.#maxEvents, `${appId} ${webhookId}`);
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  async use(): Promise<MemoryBackend> {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    if (this.#closed || this.#backend.isAway) throw new Error("the store is away");
    return this.#backend;
  }

  watch(listener: () => void): () => void {
    this.#backend.watchers.add(listener);
    return () => this.#backend.watchers.delete(listener);
  }
}

class MemoryWebhookStore implements WebhookStore {
  readonly #stores: MemoryWebhookStores;
  readonly #maxEvents: number;
  readonly #key: string;

  constructor(stores: MemoryWebhookStores, maxEvents: number, key: string) {
    this.#stores = stores;
    this.#maxEvents = maxEvents;
    this.#key = key;
  }

  watch(listener: () => void): () => void {
    return this.#stores.watch(listener);
  }

  async isUnclaimed(): Promise<boolean> {
    const { contents } = await this.#use();
    return contents.claim === undefined;
  }

  async claim(owner: string): Promise<Set<string>> {
    const { contents } = await this.#use();
    contents.claim = owner;
    return new Set(contents.told);
  }

  async restore(owner: string, told: Iterable<string>): Promise<void> {
    const { contents } = await this.#use();
    for (const key of told) contents.told.add(key);
    contents.claim ??= owner;
  }

  async append({ writer, owner, entries }: AppendRequest): Promise<AppendResult> {
    const { contents, backend } = await this.#use();
    if (entries.some(({ edge }) => edge) && contents.claim !== owner) {
      return { outcome: contents.claim === undefined ? "lost" : "taken" };
    }
    for (const { sequence, channel, json, raisedAtMs, edge } of entries) {
      if (sequence <= (contents.writers.get(writer) ?? 0)) continue;
      contents.writers.set(writer, sequence);
      if (json !== undefined) contents.queue.set(backend.nextId(), { channel, json, raisedAtMs });
      if (edge?.present === true) contents.told.add(edge.key);
      else if (edge) contents.told.delete(edge.key);
    }
    const excess = [...contents.queue.keys()].slice(0, Math.max(0, contents.queue.size - this.#maxEvents));
    for (const id of excess) contents.queue.delete(id);
    for (const listener of backend.watchers) listener();
    return { outcome: "appended", dropped: excess.length };
  }

  async read(after: string | undefined, max: number): Promise<readonly StoredEvent[]> {
    const { contents } = await this.#use();
    return [...contents.queue]
      .filter(([id]) => id > Number(after ?? 0))
      .slice(0, max)
      .map(([id, event]) => ({ position: String(id), ...event }));
  }

  async remove(positions: readonly string[]): Promise<void> {
    const { contents } = await this.#use();
    for (const position of positions) contents.queue.delete(Number(position));
  }

  async bury(positions: readonly string[], reason: DeadReason): Promise<void> {
    const { contents, backend } = await this.#use();
    for (const position of positions.map(Number)) {
      const event = contents.queue.get(position);
      if (event) contents.dead.set(backend.nextId(), { ...event, ...reason });
      contents.queue.delete(position);
    }
    for (const id of [...contents.dead.keys()].slice(0, Math.max(0, contents.dead.size - maxDeadLetters))) {
      contents.dead.delete(id);
    }
  }

  async depth() {
    const { contents } = await this.#use();
    const [oldest] = contents.queue.values();
    return {
      events: contents.queue.size,
      deadLetters: contents.dead.size,
      ...(oldest && { oldestAtMs: oldest.raisedAtMs }),
    };
  }

  async listDead(max: number): Promise<readonly DeadLetter[]> {
    const { contents } = await this.#use();
    return [...contents.dead].slice(0, max).map(([id, letter]) => ({ id: String(id), ...letter }));
  }

  async replayDead(ids?: readonly string[]): Promise<number> {
    const { contents, backend } = await this.#use();
    const letters = [...contents.dead].filter(([id]) => ids?.includes(String(id)) ?? true);
    for (const [id, { channel, json }] of letters) {
      contents.queue.set(backend.nextId(), { channel, json, raisedAtMs: Date.now() });
      contents.dead.delete(id);
    }
    for (const listener of backend.watchers) listener();
    return letters.length;
  }

  async deleteDead(ids?: readonly string[]): Promise<number> {
    const { contents } = await this.#use();
    const found = [...contents.dead.keys()].filter((id) => ids?.includes(String(id)) ?? true);
    for (const id of found) contents.dead.delete(id);
    return found.length;
  }

  async #use() {
    const backend = await this.#stores.use();
    return { backend, contents: backend.contentsOf(this.#key) };
  }
}

/** As a backend of the suites. */
export function startMemory(): Promise<StoreBackend> {
  const backends = new Map<string, MemoryBackend>();
  let isAway = false;
  return Promise.resolve({
    connect(place, maxEvents) {
      const backend = backends.get(place) ?? new MemoryBackend();
      backends.set(place, backend);
      backend.isAway = isAway;
      return Promise.resolve(new MemoryWebhookStores(backend, maxEvents));
    },
    kill() {
      isAway = true;
      for (const backend of backends.values()) backend.isAway = true;
      return Promise.resolve();
    },
    restart({ empty }) {
      isAway = false;
      for (const backend of backends.values()) {
        backend.isAway = false;
        if (empty) backend.empty();
      }
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  });
}
