/**
 * One connection to one server: opened within a time, watched by pings, and lost once and for all. Whoever holds it makes
 * another; a client of the library that reconnects by itself would not tell what was lost in between.
 */
import { RedisClient as LibraryClient, type RedisClientType } from "@redis/client";
import {
  formatAddress,
  type RedisAddress,
  type RedisCredentials,
  type RedisSettings,
} from "./redis-options.ts";
import { RedisProblem, toRedisProblem } from "./redis-problem.ts";

/** How a connection is watched. */
export interface RedisWatch {
  readonly pingIntervalMs: number;
  /** Pings without any answer after which the server counts as gone. */
  readonly missedPings: number;
}

export const defaultRedisWatch: RedisWatch = { pingIntervalMs: 1000, missedPings: 3 };

export interface RedisLinkOptions {
  readonly settings: RedisSettings;
  readonly address: RedisAddress;
  readonly credentials: RedisCredentials;
  readonly database: number;
  /** For `CLIENT LIST`. */
  readonly name: string;
  readonly watch: RedisWatch;
  /** The connection is gone, once; nothing is called for one that could not be opened or was closed here. */
  readonly onLost: (problem: RedisProblem) => void;
}

export type RedisClient = RedisClientType;

/** A reply as the library gives it: nested arrays of strings, numbers and nulls. */
export type RedisReply =
  | string
  | number
  | null
  | readonly RedisReply[]
  | { readonly [field: string]: RedisReply };

export class RedisLink {
  readonly address: RedisAddress;
  /** For subscriptions and for what is sent often; its errors are told by {@link RedisLinkOptions.onLost}. */
  readonly client: RedisClient;
  readonly #options: RedisLinkOptions;
  #pings: NodeJS.Timeout | undefined;
  #unansweredPings = 0;
  #isOver = false;

  private constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.address = options.address;
    this.client = createRedisClient(options);
    this.client.on("error", (error: unknown) => this.#lose(toRedisProblem(error, this.address)));
  }

  /** Resolves when the server has let us in. Rejects with a {@link RedisProblem}. */
  static async open(options: RedisLinkOptions): Promise<RedisLink> {
    const link = new RedisLink(options);
    await link.#open();
    return link;
  }

  /** Rejects at once without a connection, and when it is lost. */
  send(args: readonly (string | Buffer)[]): Promise<RedisReply> {
    return this.client.sendCommand<RedisReply>(args);
  }

  /** Ends the connection; what waits for an answer is rejected. */
  destroy(): void {
    this.#isOver = true;
    clearInterval(this.#pings);
    this.client.destroy();
  }

  async #open(): Promise<void> {
    const { connectTimeoutMs } = this.#options.settings;
    let timer: NodeJS.Timeout | undefined;
    const failed = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#describeSilence(connectTimeoutMs)), connectTimeoutMs);
      // What cannot be understood is told only here.
      this.client.once("error", reject);
    });
    const connecting = this.client.connect();
    try {
      await Promise.race([connecting, failed]);
    } catch (error) {
      this.destroy();
      // A socket that opens only now would stay.
      void connecting.then(
        () => this.client.destroy(),
        () => {},
      );
      throw toRedisProblem(error, this.address);
    } finally {
      clearTimeout(timer);
    }
    this.#pings = setInterval(() => this.#ping(), this.#options.watch.pingIntervalMs);
  }

  /** Pings are counted, not timed: a process that stood still itself does not take the server for gone. */
  #ping(): void {
    const { missedPings, pingIntervalMs } = this.#options.watch;
    if (this.#unansweredPings >= missedPings) {
      this.#lose(this.#describeSilence(missedPings * pingIntervalMs));
      return;
    }
    this.#unansweredPings++;
    const answered = (): void => void (this.#unansweredPings = 0);
    // Failures are told by the client's error, or by this count.
    this.send(["PING"]).then(answered, () => {});
  }

  #lose(problem: RedisProblem): void {
    // Until it is open, the attempt itself rejects.
    if (this.#isOver || this.#pings === undefined) return;
    this.destroy();
    this.#options.onLost(problem);
  }

  #describeSilence(ms: number): RedisProblem {
    return new RedisProblem(`${formatAddress(this.address)} did not answer within ${ms} ms`);
  }
}

/**
 * RESP3: messages come as pushes, which no answer can be taken for, and always as bytes. Made once: `createClient` builds a class
 * with all of the commands for every other set of options, which takes 50 ms.
 */
const buildClient = LibraryClient.factory({ RESP: 3 });

function createRedisClient({
  settings,
  address,
  credentials,
  database,
  name,
}: RedisLinkOptions): RedisClient {
  const { tls, connectTimeoutMs } = settings;
  const { username, password } = credentials;
  const socket = {
    ...address,
    connectTimeout: connectTimeoutMs,
    keepAlive: true,
    noDelay: true,
    reconnectStrategy: false as const,
  };
  return buildClient({
    socket: tls === undefined ? socket : { ...socket, ...withoutUndefined(tls), tls: true as const },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    name,
    database,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    // Pings bound every wait; a timer per command would cost more than the command.
    commandOptions: { timeout: 0 },
  });
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Node takes a certificate that is there and undefined for an empty one. */
function withoutUndefined<T extends object>(options: T): Defined<T> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
