/**
 * A connection to Redis that is made again for ever: to a single server, to the master that Sentinels know, or to the masters
 * of a Redis Cluster. The transport of the cluster uses one, and so does the queue of webhooks; both send commands by slot and
 * learn when there is a connection and when not.
 */
import type { Failure } from "@antiphon/websocket";
import { slotOfKey } from "./key-slot.ts";
import { defaultRedisWatch, type RedisReply, type RedisWatch } from "./redis-link.ts";
import type { RedisSettings } from "./redis-options.ts";
import { RedisProblem } from "./redis-problem.ts";
import { areSameOwners, RedisServers, type SlotOwner } from "./redis-servers.ts";
import { RedisSession } from "./redis-session.ts";

export interface RedisConnectionOptions {
  readonly settings: RedisSettings;
  /** For `CLIENT LIST`. */
  readonly name: string;
  /** One key of every slot that is used: in a Redis Cluster only their masters are connected to. */
  readonly keys: readonly string[];
  /** Whether a second connection to each master takes subscriptions. */
  readonly subscribes?: boolean;
  readonly watch?: RedisWatch;
  /** Does what has to be done before a new session is {@link RedisConnectionOptions.onReady | ready}. Its failure ends it. */
  readonly prepare?: (session: RedisSession) => Promise<void>;
  readonly onReady: (session: RedisSession) => void;
  /** Told once for each loss, and when the first attempt fails. `problem` is fit for logs. */
  readonly onLost: (problem: string) => void;
  /** Gets what is the operator's to mend: each kind once until there is a connection. */
  readonly report: (failure: Failure) => void;
}

/** Waits between attempts: doubled each time, and of random length so that nodes do not come all at once. */
const backoff = { firstMs: 50, lastMs: 2000 } as const;

/** How often Sentinels and Redis Clusters are asked whether the masters are still the same. */
const lookAgainMs = 2000;

export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  readonly #servers: RedisServers;
  readonly #slots: ReadonlySet<number>;
  /** Ready for commands. */
  #session: RedisSession | undefined;
  #owners: readonly SlotOwner[] = [];
  #isStopped = false;
  #failures = 0;
  /** Names of failures that were told since there was a connection. */
  readonly #reported = new Set<string>();
  #isLossTold = false;
  /** Ends the wait for the next attempt, or for the loss of the session. */
  #wake: () => void = () => {};
  #isStarted = false;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#servers = new RedisServers(options.settings);
    this.#slots = new Set(options.keys.map(slotOfKey));
  }

  /** The connections that can be used now; `undefined` while there are none. */
  get session(): RedisSession | undefined {
    return this.#session;
  }

  /** Resolves when the first attempt has ended, well or not; one of the callbacks has been told which. */
  start(): Promise<void> {
    if (this.#isStarted) throw new TypeError("the connection was started before");
    this.#isStarted = true;
    return new Promise((resolve) => void this.#run(resolve));
  }

  /**
   * Sends a command to the master of this key. Rejects with a {@link RedisProblem}: at once without a connection, and when it
   * is lost before the answer, so that nobody knows whether it was done.
   */
  async send(key: string, args: readonly (string | Buffer)[]): Promise<RedisReply> {
    if (this.#session === undefined) throw new RedisProblem("there is no connection to Redis");
    return this.#session.send(slotOfKey(key), args);
  }

  /** Ends the connections that are there and makes others. */
  drop(problem: string): void {
    this.#session?.fail(new RedisProblem(problem));
  }

  /** Closes everything; what waits for an answer is rejected. An attempt that is under way closes what it opens. */
  stop(): void {
    this.#isStopped = true;
    this.#session?.end();
    this.#session = undefined;
    this.#servers.close();
    this.#wake();
  }

  async #run(firstAttemptEnded: () => void): Promise<void> {
    while (!this.#isStopped) {
      const session = await this.#attempt();
      if (session !== undefined) await this.#keep(session, firstAttemptEnded);
      firstAttemptEnded();
      if (!this.#isStopped) await this.#pause(this.#nextDelayMs());
    }
    firstAttemptEnded();
  }

  /** Makes a session, or tells why not. */
  async #attempt(): Promise<RedisSession | undefined> {
    const { settings, name, subscribes = false, watch = defaultRedisWatch, prepare } = this.#options;
    let session: RedisSession | undefined;
    let lost: RedisProblem | undefined;
    try {
      this.#owners = await this.#servers.find();
      session = await RedisSession.open({
        settings,
        owners: this.#owners,
        slots: this.#slots,
        subscribes,
        name,
        watch,
        onLost: (problem) => {
          lost = problem;
          this.#lose(problem);
        },
      });
      await prepare?.(session);
      if (lost !== undefined) throw lost;
      if (this.#isStopped) session.end();
      return session.isOver ? undefined : session;
    } catch (error) {
      session?.end();
      // Of a session that was lost meanwhile its loss says more than the commands that failed with it.
      if (!this.#isStopped) this.#tell(lost ?? error);
      return undefined;
    }
  }

  /** Until the session is lost. */
  async #keep(session: RedisSession, told: () => void): Promise<void> {
    const since = performance.now();
    this.#session = session;
    this.#isLossTold = false;
    this.#reported.clear();
    this.#options.onReady(session);
    told();
    while (this.#session === session) {
      await this.#pause(lookAgainMs);
      if (this.#session === session) await this.#lookAgain(session);
    }
    // One that is lost again and again at once is not made again without end.
    if (performance.now() - since > backoff.lastMs) this.#failures = 0;
  }

  async #lookAgain(session: RedisSession): Promise<void> {
    if (this.#options.settings.deployment.kind === "single") return;
    try {
      const owners = await this.#servers.find();
      if (areSameOwners(owners, this.#owners)) return;
      session.fail(new RedisProblem("other servers are masters now"));
    } catch {
      // Nobody knows of any change: what works goes on working.
    }
  }

  #lose(problem: RedisProblem): void {
    if (this.#session === undefined) return;
    this.#session = undefined;
    this.#tell(problem);
    this.#wake();
  }

  #tell(error: unknown): void {
    const { failure, message } =
      error instanceof RedisProblem ? error : new RedisProblem(`Redis cannot be used (${String(error)})`);
    if (failure !== undefined && !this.#reported.has(failure.name)) {
      this.#reported.add(failure.name);
      this.#options.report(failure);
    }
    if (this.#isLossTold) return;
    this.#isLossTold = true;
    this.#options.onLost(message);
  }

  #nextDelayMs(): number {
    const delayMs = Math.min(backoff.firstMs * 2 ** this.#failures, backoff.lastMs);
    this.#failures = Math.min(this.#failures + 1, 16);
    return delayMs * (0.5 + Math.random() / 2);
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
