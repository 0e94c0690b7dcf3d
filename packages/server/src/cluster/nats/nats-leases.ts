/**
 * Leases as keys in a bucket of JetStream. Whoever holds one writes it again before it runs out; each writing has a revision,
 * and succeeds only if nobody else wrote in between. Nodes do not compare clocks: a lease has run out when its revision has not
 * changed for as long as it lasts, by the clock of the node that wants it. In doubt nobody holds it.
 */
import type { Failure } from "@antiphon/websocket";
import { JetStreamApiCodes, JetStreamApiError, jetstream } from "@nats-io/jetstream";
import { type KV, type KvEntry, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { natsFailures } from "../../failures/nats-failures.ts";
import { describeError } from "./explain-connect-error.ts";

export interface NatsLeasesOptions {
  readonly prefix: string;
  readonly replicas: number;
  readonly report: (failure: Failure) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** For one question to JetStream; without an answer, the lease is not held. */
const requestTimeoutMs = 1000;
const maxBucketBytes = 1024 * 1024;
const maxValueBytes = 1024;

/** Somebody else's lease, as last seen to change. */
interface Sighting {
  readonly writing: string;
  readonly since: number;
  readonly ttlMs: number;
}

interface LeaseValue {
  readonly owner: string;
  readonly ttlMs: number;
}

export class NatsLeases {
  readonly #options: NatsLeasesOptions;
  #bucket: { readonly connection: NatsConnection; readonly kv: KV } | undefined;
  readonly #held = new Map<string, { readonly owner: string; readonly revision: number }>();
  readonly #sightings = new Map<string, Sighting>();
  readonly #attempts = new Map<string, Promise<boolean>>();
  #reported: string | undefined;

  constructor(options: NatsLeasesOptions) {
    this.#options = options;
  }

  /** Takes or renews; `false` if another owner holds it, or if that cannot be known. Never rejects. */
  async hold(connection: NatsConnection, name: string, owner: string, ttlMs: number): Promise<boolean> {
    // Two at once would take the lease from each other.
    if (this.#attempts.has(name)) return false;
    const attempt = this.#attempt(connection, name, { owner, ttlMs });
    this.#attempts.set(name, attempt);
    try {
      return await attempt;
    } finally {
      this.#attempts.delete(name);
    }
  }

  /** Gives up what this owner holds, so that others need not wait. Never rejects: in doubt, it runs out. */
  async release(connection: NatsConnection, name: string, owner: string): Promise<void> {
    await this.#attempts.get(name);
    this.#held.delete(name);
    try {
      const kv = await this.#open(connection);
      const entry = await kv.get(name);
      if (entry === null || readValue(entry)?.owner !== owner) return;
      await kv.delete(name, { previousSeq: entry.revision });
    } catch {
      // Another owner took it just now, or it runs out.
    }
  }

  async #attempt(connection: NatsConnection, name: string, value: LeaseValue): Promise<boolean> {
    try {
      const kv = await this.#open(connection);
      const isHeld = await this.#acquire(kv, name, value);
      this.#reported = undefined;
      return isHeld;
    } catch (error) {
      this.#explain(error, connection);
      this.#bucket = undefined;
      return false;
    }
  }

  async #acquire(kv: KV, name: string, value: LeaseValue): Promise<boolean> {
    const held = this.#held.get(name);
    if (held?.owner === value.owner && (await this.#write(kv, name, value, held.revision))) return true;
    this.#held.delete(name);
    const entry = await kv.get(name);
    if (!this.#isFree(name, entry, value.owner)) return false;
    return this.#write(kv, name, value, entry?.revision ?? 0);
  }

  /** Writes if nobody wrote since this revision. */
  async #write(kv: KV, name: string, value: LeaseValue, since: number): Promise<boolean> {
    const text = JSON.stringify(value);
    try {
      const revision = await (since === 0
        ? kv.create(name, text)
        : kv.update(name, text, since, requestTimeoutMs));
      this.#held.set(name, { owner: value.owner, revision });
      this.#sightings.delete(name);
      return true;
    } catch (error) {
      if (isOvertaken(error)) return false;
      throw error;
    }
  }

  #isFree(name: string, entry: KvEntry | null, owner: string): boolean {
    const sighting = this.#sightings.get(name);
    // A store that lost everything lost no leader: one that we know of leads until its lease has run out.
    if (entry === null && sighting === undefined) return true;
    // Whoever deletes a lease held it.
    if (entry !== null && entry.operation !== "PUT") return true;
    const value = entry === null ? undefined : readValue(entry);
    if (value?.owner === owner) return true;
    const writing = identifyWriting(entry);
    const now = this.#options.now();
    if (sighting?.writing === writing) return now - sighting.since >= sighting.ttlMs;
    this.#sightings.set(name, { writing, since: now, ttlMs: value?.ttlMs ?? sighting?.ttlMs ?? 0 });
    return false;
  }

  async #open(connection: NatsConnection): Promise<KV> {
    if (this.#bucket?.connection === connection) return this.#bucket.kv;
    this.#bucket = undefined;
    // It may be another store, in which the same revisions mean something else.
    this.#held.clear();
    const { prefix, replicas } = this.#options;
    const client = jetstream(connection, { timeout: requestTimeoutMs });
    const kv = await new Kvm(client).create(`${prefix}-leases`, {
      replicas,
      max_bytes: maxBucketBytes,
      maxValueSize: maxValueBytes,
      // Others than the first of several servers may answer with what was.
      allow_direct: false,
    });
    this.#bucket = { connection, kv };
    return kv;
  }

  /** Once for each way of failing, until it works again. */
  #explain(error: unknown, connection: NatsConnection): void {
    // The loss of a connection is told by whoever keeps it.
    if (connection.isClosed()) return;
    // A bucket that is gone answers the same as no JetStream; the next attempt, which makes it anew, tells which.
    const isOff = error instanceof Error && error.name === "JetStreamNotEnabled";
    if (isOff && this.#bucket !== undefined) return;
    const failure = isOff
      ? natsFailures.create("cluster-nats-without-jetstream", { server: connection.getServer() })
      : natsFailures.create("cluster-nats-lease-unavailable", { problem: describeError(error) });
    if (this.#reported === failure.name) return;
    this.#reported = failure.name;
    this.#options.report(failure);
  }
}

function isOvertaken(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  const { StreamWrongLastSequence, StreamWrongLastSequenceUnknown } = JetStreamApiCodes;
  return error.code === StreamWrongLastSequence || error.code === StreamWrongLastSequenceUnknown;
}

/** Revisions alone begin anew in a store that lost everything. */
function identifyWriting(entry: KvEntry | null): string {
  return entry === null ? "none" : `${entry.revision} ${entry.created.getTime()}`;
}

/** `undefined` for what is no lease of ours: it runs out at once. */
function readValue(entry: KvEntry): LeaseValue | undefined {
  try {
    const value: unknown = JSON.parse(entry.string());
    if (typeof value !== "object" || value === null) return undefined;
    const { owner, ttlMs } = value as Partial<LeaseValue>;
    return typeof owner === "string" && typeof ttlMs === "number" ? { owner, ttlMs } : undefined;
  } catch {
    return undefined;
  }
}
