/**
 * What one webhook has in JetStream. A message is deleted when it is settled, so that what is in the stream is what is not
 * delivered yet; no consumer holds a second opinion. JetStream cannot write two things at once, so their order has to do:
 *
 * - An event is stored before what it tells is recorded, and whoever takes over reads both.
 * - Claims stand in the stream of events. An edge that was stored by an older claim, and after a newer one, is void: its writer
 *   had lost the claim between asking and storing. Whoever reads passes it over.
 */
import type { StoredMsg } from "@nats-io/jetstream";
import type { Edge } from "../webhook-edge.ts";
import {
  type AppendRequest,
  type AppendResult,
  type DeadLetter,
  type DeadReason,
  type NewEntry,
  type StoredEvent,
  type StoreDepth,
  type WebhookStore,
} from "../webhook-store.ts";
import {
  count,
  deleteMessage,
  isRefusal,
  type JetStreamSession,
  readNext,
  refusalCodes,
  walk,
} from "./jetstream-messages.ts";
import type { JetStreamAccess } from "./jetstream-webhook-stores.ts";
import {
  formatLetter,
  formatMessage,
  type QueuedMessage,
  readLetter,
  readMessage,
} from "./webhook-message.ts";

export interface JetStreamWebhookStoreOptions {
  readonly access: JetStreamAccess;
  readonly subjects: {
    readonly queue: string;
    /** The key of what was told is one more token. */
    readonly told: string;
    readonly claim: string;
    readonly dead: string;
  };
  readonly watch: WebhookStore["watch"];
}

/** Requests of which one call makes many. */
const atOnce = 50;

const keptClaims = 2;

/** Of a full queue, dropped at once: a part of the greatest length, so that not every event has to drop another. */
const droppedPart = 100;

export class JetStreamWebhookStore implements WebhookStore {
  readonly watch: WebhookStore["watch"];
  readonly #options: JetStreamWebhookStoreOptions;
  /** Where claims stand in one life of the stream, as far as they are kept; the last is our own. */
  #claims: { readonly epoch: string; readonly sequences: readonly number[] } = { epoch: "", sequences: [] };
  /** Under way, or the last one. */
  #appending: Promise<unknown> = Promise.resolve();

  constructor(options: JetStreamWebhookStoreOptions) {
    this.#options = options;
    this.watch = options.watch;
  }

  isUnclaimed(): Promise<boolean> {
    return this.#options.access.use(async (session) => (await this.#readClaim(session)) === undefined);
  }

  /**
   * The keys that are recorded, and those of events that are still in the queue: whoever had the edges before may have died
   * after it stored an event, and before it recorded it. Of a channel, the queue holds the end of its events, if any. What only
   * the queue knows is recorded now: it goes out of there when it is delivered.
   */
  claim(owner: string): Promise<Set<string>> {
    const { access, subjects } = this.#options;
    return access.use(async (session) => {
      await this.#writeClaim(session, owner);
      const filter = `${subjects.told}.>`;
      const { state } = await session.jsm.streams.info(access.streams.told, { subjects_filter: filter });
      const told = new Set(Object.keys(state.subjects ?? {}).map((subject) => this.#readTold(subject)));
      const queued = new Map<string, Edge>();
      for await (const { message } of this.#walkQueue(session, 1)) {
        if (message.edge) queued.set(message.edge.key, message.edge);
      }
      const unrecorded = [...queued.values()].filter(({ key, present }) => told.has(key) !== present);
      for (let start = 0; start < unrecorded.length; start += atOnce) {
        await this.#record(session, unrecorded.slice(start, start + atOnce));
      }
      for (const { key, present } of unrecorded) {
        if (present) told.add(key);
        else told.delete(key);
      }
      return told;
    });
  }

  restore(owner: string, told: Iterable<string>): Promise<void> {
    const { access } = this.#options;
    return access.use(async (session) => {
      const edges = [...told].map((key) => ({ key, present: true }));
      for (let start = 0; start < edges.length; start += atOnce) {
        await this.#record(session, edges.slice(start, start + atOnce));
      }
      const claimed = await this.#readClaim(session);
      if (claimed === undefined) await this.#writeClaim(session, owner);
    });
  }

  append({ writer, owner, entries }: AppendRequest): Promise<AppendResult> {
    const appended = this.#options.access.use(async (session): Promise<AppendResult> => {
      const edges = new Map(entries.flatMap(({ edge }) => (edge ? [[edge.key, edge]] : [])));
      const claim = edges.size > 0 ? await this.#readClaim(session) : undefined;
      if (edges.size > 0 && claim?.owner !== owner) return { outcome: claim ? "taken" : "lost" };
      let dropped = 0;
      // One after the other: one that is refused must not be overtaken.
      for (const entry of entries) dropped += await this.#store(session, writer, entry, claim?.sequence);
      if (claim && (await this.#readClaim(session))?.owner !== owner) return { outcome: "taken" };
      await this.#record(session, [...edges.values()]);
      return { outcome: "appended", dropped };
    });
    this.#appending = appended.catch(() => {});
    return appended;
  }

  read(after: string | undefined, max: number): Promise<readonly StoredEvent[]> {
    return this.#options.access.use(async (session) => {
      const epoch = session.epochs.queue;
      const events: StoredEvent[] = [];
      const start = (readSequence(after, epoch) ?? 0) + 1;
      for await (const { sequence, message } of this.#walkQueue(session, start)) {
        const { channel, json, raisedAtMs } = message;
        events.push({ position: `${epoch}/${sequence}`, channel, json, raisedAtMs });
        if (events.length >= Math.min(max, atOnce)) break;
      }
      return events;
    });
  }

  async remove(positions: readonly string[]): Promise<void> {
    // Until then the event may be all that says that it was told.
    await this.#appending;
    const { access } = this.#options;
    await access.use(async (session) => {
      const { epochs } = session;
      const sequences = positions.flatMap((position) => readSequence(position, epochs.queue) ?? []);
      for (let start = 0; start < sequences.length; start += atOnce) {
        const some = sequences.slice(start, start + atOnce);
        await Promise.all(some.map((sequence) => deleteMessage(session, access.streams.queue, sequence)));
      }
    });
  }

  async bury(positions: readonly string[], reason: DeadReason): Promise<void> {
    await this.#appending;
    const { access, subjects } = this.#options;
    await access.use(async (session) => {
      const epoch = session.epochs.queue;
      for (const position of positions) {
        const seq = readSequence(position, epoch);
        const found =
          seq === undefined ? null : await session.jsm.streams.getMessage(access.streams.queue, { seq });
        const message = found && readMessage(found.data);
        if (message) {
          const letter = formatLetter(message, reason);
          await session.js.publish(subjects.dead, letter, { msgID: `dead-${position}` });
        }
        if (found) await deleteMessage(session, access.streams.queue, found.seq);
      }
    });
  }

  depth(): Promise<StoreDepth> {
    const { access, subjects } = this.#options;
    const { queue, dead } = access.streams;
    return access.use(async (session) => {
      const [events, deadLetters, oldest] = await Promise.all([
        count(session, queue, subjects.queue),
        count(session, dead, subjects.dead),
        readNext(session, queue, subjects.queue, 1),
      ]);
      const message = oldest && readMessage(oldest.data);
      return { events, deadLetters, ...(message && { oldestAtMs: message.raisedAtMs }) };
    });
  }

  listDead(max: number): Promise<readonly DeadLetter[]> {
    return this.#options.access.use(async (session) => {
      const letters: DeadLetter[] = [];
      for await (const { seq, data } of this.#walkDead(session)) {
        const letter = readLetter(String(seq), data);
        if (letter) letters.push(letter);
        if (letters.length >= max) break;
      }
      return letters;
    });
  }

  replayDead(ids?: readonly string[]): Promise<number> {
    return this.#eachDead(ids, async (session, { seq, data }) => {
      const letter = readLetter(String(seq), data);
      if (letter === undefined) return;
      const message = { ...letter, raisedAtMs: Date.now(), edge: undefined };
      await this.#publish(session, message, `replay-${session.epochs.dead}/${seq}`);
    });
  }

  deleteDead(ids?: readonly string[]): Promise<number> {
    return this.#eachDead(ids, () => Promise.resolve());
  }

  /** Deletes dead letters, each after something was done with it; answers how many. */
  #eachDead(
    ids: readonly string[] | undefined,
    work: (session: JetStreamSession, message: StoredMsg) => Promise<void>,
  ): Promise<number> {
    const { access, subjects } = this.#options;
    const wanted = ids && new Set(ids);
    return access.use(async (session) => {
      let done = 0;
      for await (const message of this.#walkDead(session)) {
        if (message.subject !== subjects.dead || (wanted && !wanted.has(String(message.seq)))) continue;
        await work(session, message);
        await deleteMessage(session, access.streams.dead, message.seq);
        done++;
      }
      return done;
    });
  }

  /** Answers how many of the oldest had to be dropped. */
  #store(
    session: JetStreamSession,
    writer: string,
    { channel, json, raisedAtMs, edge, sequence }: NewEntry,
    claimedAt: number | undefined,
  ): Promise<number> {
    if (json === undefined) return Promise.resolve(0);
    const tells = edge && claimedAt !== undefined ? { ...edge, claimedAt } : undefined;
    return this.#publish(session, { channel, json, raisedAtMs, edge: tells }, `${writer}-${sequence}`);
  }

  async #publish(session: JetStreamSession, message: QueuedMessage, msgID: string): Promise<number> {
    const { access, subjects } = this.#options;
    const payload = formatMessage(message);
    try {
      await session.js.publish(subjects.queue, payload, { msgID });
      return 0;
    } catch (error) {
      if (!isRefusal(error, refusalCodes.limitReached)) throw error;
    }
    const keep = access.maxEvents - Math.ceil(access.maxEvents / droppedPart);
    const filter = subjects.queue;
    // To keep none is what NATS takes for the absence of this limit: then the whole subject goes all the same.
    const { purged } = await session.jsm.streams.purge(
      access.streams.queue,
      keep > 0 ? { filter, keep } : { filter },
    );
    await session.js.publish(subjects.queue, payload, { msgID });
    return purged;
  }

  async #record(
    session: JetStreamSession,
    edges: readonly { readonly key: string; readonly present: boolean }[],
  ): Promise<void> {
    const { access, subjects } = this.#options;
    await Promise.all(
      edges.map(({ key, present }) => {
        const subject = `${subjects.told}.${Buffer.from(key).toString("base64url")}`;
        // A purge leaves nothing behind, where the deletion of a key of a bucket would leave a marker for ever.
        return present
          ? session.js.publish(subject, "")
          : session.jsm.streams.purge(access.streams.told, { filter: subject });
      }),
    );
  }

  /** The one in force, and where it stands in the stream. */
  async #readClaim({ jsm }: JetStreamSession): Promise<{ owner: string; sequence: number } | undefined> {
    const { access, subjects } = this.#options;
    const found = await jsm.streams.getMessage(access.streams.queue, { last_by_subj: subjects.claim });
    return found ? { owner: found.string(), sequence: found.seq } : undefined;
  }

  async #writeClaim(session: JetStreamSession, owner: string): Promise<void> {
    const { access, subjects } = this.#options;
    const { queue } = access.streams;
    const { seq } = await session.js.publish(subjects.claim, owner);
    const earlier: number[] = [];
    for await (const claim of walk(session, queue, subjects.claim, 1)) earlier.push(claim.seq);
    this.#claims = { epoch: session.epochs.queue, sequences: [...new Set([...earlier, seq])] };
    await session.jsm.streams.purge(queue, { filter: subjects.claim, keep: keptClaims });
  }

  #isVoid({ epochs }: JetStreamSession, sequence: number, { edge }: QueuedMessage): boolean {
    const { epoch, sequences } = this.#claims;
    if (edge === undefined || epoch !== epochs.queue) return false;
    return sequences.some((claim) => edge.claimedAt < claim && claim < sequence);
  }

  #readTold(subject: string): string {
    return Buffer.from(subject.slice(this.#options.subjects.told.length + 1), "base64url").toString();
  }

  async *#walkQueue(session: JetStreamSession, start: number) {
    const { access, subjects } = this.#options;
    for await (const { seq: sequence, data } of walk(session, access.streams.queue, subjects.queue, start)) {
      const message = readMessage(data);
      if (message && !this.#isVoid(session, sequence, message)) yield { sequence, message };
      else await deleteMessage(session, access.streams.queue, sequence);
    }
  }

  #walkDead(session: JetStreamSession): AsyncIterable<StoredMsg> {
    const { access, subjects } = this.#options;
    return walk(session, access.streams.dead, subjects.dead, 1);
  }
}

/** `undefined` where there is no position, or one in a stream that is no more. */
function readSequence(position: string | undefined, epoch: string): number | undefined {
  return position?.startsWith(`${epoch}/`) === true ? Number(position.slice(epoch.length + 1)) : undefined;
}
