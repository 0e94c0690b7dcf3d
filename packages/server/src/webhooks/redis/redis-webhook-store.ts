/**
 * What one webhook has in Redis. No consumer group: what is in the stream is what is not delivered yet, and a leader reads it
 * from the beginning, so that nothing is pending anywhere else and the order of a channel survives a change of leaders.
 */
import type { RedisConnection } from "../../cluster/redis/redis-connection.ts";
import type { RedisReply } from "../../cluster/redis/redis-link.ts";
import { isErrorReply } from "../../cluster/redis/redis-problem.ts";
import { type RedisScript, runScript } from "../../cluster/redis/redis-script.ts";
import {
  type AppendRequest,
  type AppendResult,
  type DeadLetter,
  type DeadReason,
  maxDeadLetters,
  type StoredEvent,
  type StoreDepth,
  type WebhookStore,
} from "../webhook-store.ts";
import { appendScript, buryScript, deleteScript, replayScript } from "./webhook-scripts.ts";

export interface RedisWebhookStoreOptions {
  readonly connection: RedisConnection;
  /** What all keys of the webhook begin with. */
  readonly keys: string;
  /** Command, channel and message that wake the leader. */
  readonly wake: readonly [string, string, string];
  readonly maxEvents: number;
  readonly watch: WebhookStore["watch"];
}

type Entry = readonly [id: string, fields: readonly string[]];

/** For longer than any call is tried again after an outage that somebody waits out. */
const writerMemoryMs = 3_600_000;

/** Keys of what was told, read or written with one command. */
const toldPerCommand = 1000;

export class RedisWebhookStore implements WebhookStore {
  readonly watch: WebhookStore["watch"];
  readonly #options: RedisWebhookStoreOptions;
  readonly #queue: string;
  readonly #told: string;
  readonly #dead: string;
  readonly #claim: string;

  constructor(options: RedisWebhookStoreOptions) {
    const { keys, watch } = options;
    this.#options = options;
    this.watch = watch;
    this.#queue = `${keys}queue`;
    this.#told = `${keys}told`;
    this.#dead = `${keys}dead`;
    this.#claim = `${keys}claim`;
  }

  async isUnclaimed(): Promise<boolean> {
    return (await this.#send("EXISTS", this.#claim)) === 0;
  }

  async claim(owner: string): Promise<Set<string>> {
    await this.#send("SET", this.#claim, owner);
    const told = new Set<string>();
    let cursor = "0";
    do {
      const reply = await this.#send("SSCAN", this.#told, cursor, "COUNT", String(toldPerCommand));
      // The form of a reply to SSCAN, which the library does not type for raw commands.
      const [next, keys] = reply as unknown as readonly [string, readonly string[]];
      for (const key of keys) told.add(key);
      cursor = next;
    } while (cursor !== "0");
    return told;
  }

  async restore(owner: string, told: Iterable<string>): Promise<void> {
    const keys = [...told];
    for (let start = 0; start < keys.length; start += toldPerCommand) {
      await this.#send("SADD", this.#told, ...keys.slice(start, start + toldPerCommand));
    }
    // Last, so that whoever is interrupted begins anew; and only if nobody else has claimed it meanwhile.
    await this.#send("SET", this.#claim, owner, "NX");
  }

  async append({ writer, owner = "", entries }: AppendRequest): Promise<AppendResult> {
    const { keys, wake, maxEvents } = this.#options;
    const values = entries.flatMap(({ sequence, channel, json = "", raisedAtMs, edge }) => [
      String(sequence),
      channel,
      json,
      String(raisedAtMs),
      edge?.key ?? "",
      edge === undefined ? "" : edge.present ? "1" : "0",
    ]);
    const reply = await this.#run(
      appendScript,
      [this.#queue, this.#told, this.#claim, `${keys}writer:${writer}`],
      [owner, String(maxEvents), String(writerMemoryMs), ...wake, ...values],
    );
    if (reply === "lost" || reply === "taken") return { outcome: reply };
    return { outcome: "appended", dropped: Number(reply) };
  }

  async read(after: string | undefined, max: number): Promise<readonly StoredEvent[]> {
    const start = after === undefined ? "-" : `(${after}`;
    return (await this.#range(this.#queue, start, max)).map(readEvent);
  }

  async remove(positions: readonly string[]): Promise<void> {
    if (positions.length > 0) await this.#send("XDEL", this.#queue, ...positions);
  }

  async bury(
    positions: readonly string[],
    { failure, attempts, status, givenUpAtMs }: DeadReason,
  ): Promise<void> {
    const reason = [failure, String(attempts), String(status ?? ""), String(givenUpAtMs)];
    const values = [String(maxDeadLetters), ...reason, ...positions];
    await this.#run(buryScript, [this.#queue, this.#dead], values);
  }

  async depth(): Promise<StoreDepth> {
    const [events, deadLetters, [oldest]] = await Promise.all([
      this.#send("XLEN", this.#queue),
      this.#send("XLEN", this.#dead),
      this.#range(this.#queue, "-", 1),
    ]);
    return {
      events: Number(events),
      deadLetters: Number(deadLetters),
      ...(oldest && { oldestAtMs: readEvent(oldest).raisedAtMs }),
    };
  }

  async listDead(max: number): Promise<readonly DeadLetter[]> {
    return (await this.#range(this.#dead, "-", max)).map(readLetter);
  }

  async replayDead(ids?: readonly string[]): Promise<number> {
    if (ids?.length === 0) return 0;
    const values = [String(Date.now()), ...this.#options.wake, ...(ids ?? [])];
    return Number(await this.#run(replayScript, [this.#dead, this.#queue], values));
  }

  async deleteDead(ids?: readonly string[]): Promise<number> {
    if (ids?.length === 0) return 0;
    return Number(await this.#run(deleteScript, [this.#dead], ids ?? []));
  }

  async #range(key: string, start: string, max: number): Promise<readonly Entry[]> {
    // The form of a reply to XRANGE, which the library does not type for raw commands.
    return (await this.#send("XRANGE", key, start, "+", "COUNT", String(max))) as unknown as readonly Entry[];
  }

  #send(command: string, key: string, ...values: readonly string[]): Promise<RedisReply> {
    return this.#heedRole(this.#options.connection.send(key, [command, key, ...values]));
  }

  #run(script: RedisScript, keys: readonly [string, ...string[]], values: readonly string[]) {
    return this.#heedRole(runScript(this.#options.connection, script, keys, values));
  }

  /** After a failover the connection may have stayed with a server that is a replica now. */
  async #heedRole<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (isErrorReply((error as Error).cause, "READONLY")) {
        this.#options.connection.drop((error as Error).message);
      }
      throw error;
    }
  }
}

function readFields(fields: readonly string[]): Readonly<Record<string, string>> {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) pairs.push([fields[at] ?? "", fields[at + 1] ?? ""]);
  return Object.fromEntries(pairs);
}

function readEvent([position, fields]: Entry): StoredEvent {
  const { c: channel = "", j: json = "", t: raisedAtMs } = readFields(fields);
  return { position, channel, json, raisedAtMs: Number(raisedAtMs) };
}

function readLetter(entry: Entry): DeadLetter {
  const { position, ...event } = readEvent(entry);
  const { f: failure = "", a: attempts, s: status = "", g: givenUpAtMs } = readFields(entry[1]);
  return {
    id: position,
    ...event,
    failure,
    attempts: Number(attempts),
    givenUpAtMs: Number(givenUpAtMs),
    ...(status !== "" && { status: Number(status) }),
  };
}
