/**
 * Topics that are subscribed to, over all sessions: asked for one by one, sent in few commands a turn, and sent
 * all again to each new session.
 */
import type { Topic } from "../distributed/cluster-transport.ts";
import type { RedisClient } from "./redis-link.ts";
import type { RedisSession } from "./redis-session.ts";
import type { RedisTopics } from "./redis-topics.ts";

/** A longer command would keep the server from others for too long. */
const maxNamesPerCommand = 1000;

/** A new session is told so many names at a time, and the next when they are in force, so that others get in between. */
const maxNamesAtOnce = 2000;

export interface RedisSubscriptionsOptions {
  readonly topics: RedisTopics;
  readonly isCluster: boolean;
  readonly onMessage: (topic: Topic, payload: Buffer) => void;
  /** The server refused; the session is of no use. */
  readonly onRefused: (session: RedisSession, slot: number, error: unknown) => void;
}

interface Subscription {
  readonly topic: Topic;
  readonly slot: number;
}

type NameInSlot = readonly [name: string, slot: number];

export class RedisSubscriptions {
  readonly #options: RedisSubscriptionsOptions;
  readonly #wanted = new Map<string, Subscription>();
  /** Names with their slots that were asked for or given up since the last command. */
  readonly #changed = new Map<string, number>();
  /** Names that the session was told to subscribe to. */
  #sent = new Set<string>();
  /**
   * Names of commands without an answer. Another about the same waits: the library forgets a name that is asked for again between
   * the answers to its first command and to the one that gave it up.
   */
  #unanswered = new Set<string>();
  #session: RedisSession | undefined;
  #isScheduled = false;
  #isAttaching = false;

  constructor(options: RedisSubscriptionsOptions) {
    this.#options = options;
  }

  add(topic: Topic): void {
    const { name, slot } = this.#options.topics.nameOf(topic);
    if (this.#wanted.has(name)) return;
    this.#wanted.set(name, { topic, slot });
    this.#change(name, slot);
  }

  remove(topic: Topic): void {
    const { name, slot } = this.#options.topics.nameOf(topic);
    if (this.#wanted.delete(name)) this.#change(name, slot);
  }

  /** Subscribes to everything on a new session; resolves when all of it is in force, rejects if the server refuses any. */
  async attach(session: RedisSession): Promise<void> {
    this.#session = session;
    this.#sent = new Set();
    this.#unanswered = new Set();
    this.#changed.clear();
    this.#isAttaching = true;
    try {
      for (const some of takePortions(this.#wanted)) await Promise.all(this.#send(session, some));
      // What was asked for or given up meanwhile.
      while (this.#changed.size > 0) await Promise.all(this.#sendChanges(session));
    } finally {
      this.#isAttaching = false;
    }
  }

  /** Sends what was asked for so far, so that it leaves before what is published next. */
  flush(): void {
    const session = this.#session;
    if (session === undefined || this.#changed.size === 0 || this.#isAttaching) return;
    // Failures are told one by one.
    if (session.isOver) this.#session = undefined;
    else void Promise.allSettled(this.#sendChanges(session));
  }

  #change(name: string, slot: number): void {
    // Without a session there is nothing to tell; a new one is told everything.
    if (this.#session === undefined) return;
    this.#changed.set(name, slot);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // The first of a turn leaves with the turn; those that follow leave together, one turn later.
    queueMicrotask(() => this.flush());
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  #sendChanges(session: RedisSession): Promise<void>[] {
    const ready: NameInSlot[] = [];
    for (const change of this.#changed) {
      const [name] = change;
      if (this.#unanswered.has(name)) continue;
      this.#changed.delete(name);
      ready.push(change);
    }
    return this.#send(session, ready);
  }

  /** Tells the session what is not so yet of these names. */
  #send(session: RedisSession, changed: readonly NameInSlot[]): Promise<void>[] {
    const added = new Map<number, string[]>();
    const removed = new Map<number, string[]>();
    for (const [name, slot] of changed) {
      const isWanted = this.#wanted.has(name);
      if (isWanted === this.#sent.has(name)) continue;
      if (isWanted) this.#sent.add(name);
      else this.#sent.delete(name);
      const group = isWanted ? added : removed;
      const names = group.get(slot);
      if (names === undefined) group.set(slot, [name]);
      else names.push(name);
    }
    const subscribe = this.#options.isCluster ? "sSubscribe" : "subscribe";
    const unsubscribe = this.#options.isCluster ? "sUnsubscribe" : "unsubscribe";
    return [...this.#command(session, subscribe, added), ...this.#command(session, unsubscribe, removed)];
  }

  *#command(
    session: RedisSession,
    command: "subscribe" | "unsubscribe" | "sSubscribe" | "sUnsubscribe",
    groups: ReadonlyMap<number, readonly string[]>,
  ): Generator<Promise<void>> {
    for (const [slot, names] of groups) {
      const client: RedisClient = session.subscriptionsOf(slot);
      for (let at = 0; at < names.length; at += maxNamesPerCommand) {
        const some = names.slice(at, at + maxNamesPerCommand);
        const unanswered = this.#unanswered;
        for (const name of some) unanswered.add(name);
        const answered = (): void => {
          for (const name of some) unanswered.delete(name);
          this.flush();
        };
        const refused = (error: unknown): never => {
          this.#options.onRefused(session, slot, error);
          throw error;
        };
        yield client[command](some, this.#onMessage, true).then(answered, refused);
      }
    }
  }

  readonly #onMessage = (payload: Buffer, name: Buffer): void => {
    const subscription = this.#wanted.get(name.toString());
    if (subscription !== undefined) this.#options.onMessage(subscription.topic, payload);
  };
}

/** All names, also those that come while others are under way. */
function* takePortions(wanted: ReadonlyMap<string, Subscription>): Iterable<readonly NameInSlot[]> {
  let portion: NameInSlot[] = [];
  for (const [name, { slot }] of wanted) {
    portion.push([name, slot]);
    if (portion.length < maxNamesAtOnce) continue;
    yield portion;
    portion = [];
  }
  if (portion.length > 0) yield portion;
}
