/**
 * Keeps one connection to NATS for ever: options in, a connection of NATS' client out, and another one whenever it is lost.
 * What was sent or waited in a lost one is lost with it, so that nothing stale comes later. Used by the cluster's transport
 * and by the queue of webhooks, each with a connection of its own.
 */
import { isIP } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Failure } from "@antiphon/websocket";
import {
  connect,
  type NatsConnection,
  type NodeConnectionOptions,
  PermissionViolationError,
} from "@nats-io/transport-node";
import { natsFailures } from "../../failures/nats-failures.ts";
import { describeError, explainConnectError } from "./explain-connect-error.ts";
import { greetServer } from "./greet-server.ts";
import { loadClientOptions, type NatsServer, type NatsTarget, readServerAddress } from "./nats-options.ts";

export interface NatsConnectionListener {
  /** Nothing is subscribed in it yet. For the first connection, `start` waits for what this returns. */
  connected(connection: NatsConnection): void | Promise<void>;
  /** Told once for each loss, and when the first attempt fails. `problem` is fit for logs. */
  disconnected(problem: string): void;
}

export interface KeptNatsConnectionOptions {
  readonly target: NatsTarget;
  /** As the servers list it. */
  readonly name: string;
  /** Gets what is the operator's to mend: each kind once until the next success. */
  readonly report: (failure: Failure) => void;
}

/** A dead link is noticed within four seconds. */
const pingIntervalMs = 1000;
const maxPingsOut = 3;

const minPauseMs = 100;
const maxPauseMs = 3000;
/** A connection that lived for less counts as a failed attempt. */
const goodLifeMs = 5000;
/** For what is on its way when we stop. */
const flushTimeoutMs = 1000;
const maxToldProblems = 3;

/** Where to try. Servers that we only heard of go by the name on the certificate of those that we know. */
interface Candidate extends NatsServer {
  readonly tlsName?: string | undefined;
}

export class KeptNatsConnection {
  readonly #options: KeptNatsConnectionOptions;
  readonly #stopping = new AbortController();
  readonly #reported = new Set<string>();
  #connection: NatsConnection | undefined;
  /** Why the connection is about to end, where its end does not say so itself. */
  #reason: string | undefined;
  #isLossTold = false;
  /** Other servers of the NATS cluster, as the last one told us. */
  #gossip: readonly string[] = [];
  #keeping: Promise<void> | undefined;

  constructor(options: KeptNatsConnectionOptions) {
    this.#options = options;
  }

  /** What there is now. Never keep it: it does not come back to life. */
  get connection(): NatsConnection | undefined {
    return this.#connection?.isClosed() === false ? this.#connection : undefined;
  }

  /** Resolves when a server let us in, or each was tried once; goes on trying until {@link stop}. Never rejects. */
  start(listener: NatsConnectionListener): Promise<void> {
    return new Promise((resolve) => {
      this.#keeping = this.#keep(listener, resolve);
    });
  }

  /** Drops the connection at once, and makes another. */
  reconnect(reason = "it was given up"): void {
    const { connection } = this;
    if (connection === undefined) return;
    this.#reason ??= reason;
    void connection.close();
  }

  /** Sends what was published, and closes. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const { connection } = this;
    if (connection !== undefined) {
      const timeout = delay(flushTimeoutMs, undefined, { ref: false });
      await Promise.race([connection.flush().catch(() => {}), connection.closed(), timeout]);
      await connection.close();
    }
    await this.#keeping;
  }

  async #keep(listener: NatsConnectionListener, attempted: () => void): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      const found = await this.#dial();
      let problem: string;
      if (typeof found === "string") {
        failures += 1;
        problem = found;
      } else {
        const since = performance.now();
        const ended = this.#watch(found);
        this.#isLossTold = false;
        this.#reported.clear();
        await Promise.race([listener.connected(found), ended]);
        attempted();
        problem = await ended;
        failures = performance.now() - since < goodLifeMs ? failures + 1 : 0;
      }
      if (!this.#isLossTold && !signal.aborted) {
        this.#isLossTold = true;
        listener.disconnected(problem);
      }
      attempted();
      await pause(failures, signal);
    }
    attempted();
  }

  /** Tries every server once; answers the first connection, or why there is none. */
  async #dial(): Promise<NatsConnection | string> {
    const { target } = this.#options;
    let client: NodeConnectionOptions;
    try {
      client = await loadClientOptions(target);
    } catch (error) {
      const evidence = { setting: "tls or credentials", problem: describeError(error) };
      return this.#report(natsFailures.create("cluster-nats-options-invalid", evidence));
    }
    const problems: string[] = [];
    for (const server of this.#listCandidates()) {
      const found = await this.#tryServer(server, client);
      if (typeof found !== "string") return found;
      problems.push(found);
    }
    return problems.slice(0, maxToldProblems).join("; ");
  }

  async #tryServer(server: Candidate, client: NodeConnectionOptions): Promise<NatsConnection | string> {
    const { target, name } = this.#options;
    const { signal } = this.#stopping;
    const problem = await greetServer(server, target.connectTimeoutMs, signal);
    if (problem !== undefined) return `${server.address} ${problem}`;
    if (signal.aborted) return "stopped";
    try {
      const connection = await connect({
        ...client,
        ...(client.tls ? { tls: nameServer(client.tls, server) } : {}),
        servers: [server.address],
        name,
        // We make new ones instead: the client would send what was published into the one that died.
        reconnect: false,
        pingInterval: pingIntervalMs,
        maxPingOut: maxPingsOut,
        noAsyncTraces: true,
      });
      // The answer may have come while we were told to stop.
      if (signal.aborted) await connection.close();
      return signal.aborted ? "stopped" : connection;
    } catch (error) {
      const found = explainConnectError(error, server.address, target.credentials.identity);
      return typeof found === "string" ? found : this.#report(found);
    }
  }

  /** Resolves with why, when the connection has ended. */
  async #watch(connection: NatsConnection): Promise<string> {
    this.#connection = connection;
    this.#reason = undefined;
    const following = this.#followStatus(connection);
    const error = await connection.closed();
    // What was told last may say why.
    await following;
    this.#connection = undefined;
    return this.#reason ?? (error === undefined ? "the server closed the connection" : describeError(error));
  }

  async #followStatus(connection: NatsConnection): Promise<void> {
    const statuses = connection.status();
    this.#gossip = connection.info?.connect_urls ?? [];
    for await (const status of statuses) {
      if (status.type === "staleConnection") {
        this.#reason ??= "the server stopped answering";
        // The client would wait until all it sent has left, which a dead link never does.
        void connection.close();
      } else if (status.type === "update") {
        this.#gossip = connection.info?.connect_urls ?? [];
      } else if (status.type === "error" && status.error instanceof PermissionViolationError) {
        const { operation, subject } = status.error;
        this.#report(natsFailures.create("cluster-nats-permission-denied", { operation, subject }));
      } else if (status.type === "error") {
        this.#reason ??= describeError(status.error);
      }
    }
  }

  /** Those of the options in any order, so that nodes spread over them; then those that we heard of. */
  #listCandidates(): Candidate[] {
    const { servers, tls } = this.#options.target;
    const known = shuffle(servers);
    const tlsName = tls === undefined ? undefined : servers.find(({ host }) => isIP(host) === 0)?.host;
    const heardOf = this.#gossip.flatMap((text) => readServerAddress(text) ?? []);
    const others = heardOf.filter(({ address }) => servers.every((server) => server.address !== address));
    return [...known, ...others.map((server) => ({ ...server, tlsName }))];
  }

  #report(failure: Failure): string {
    if (!this.#reported.has(failure.name)) {
      this.#reported.add(failure.name);
      this.#options.report(failure);
    }
    return failure.message;
  }
}

/**
 * What the certificate is compared with: the name of the server, which the client hands over itself, or its address, which it
 * does not.
 */
function nameServer(
  tls: NonNullable<NodeConnectionOptions["tls"]>,
  { host, tlsName }: Candidate,
): NonNullable<NodeConnectionOptions["tls"]> {
  // Options of tls.connect that the client passes on, although its types know few of them.
  const names = tlsName === undefined ? { host } : { servername: tlsName };
  return { ...tls, ...names };
}

function shuffle<T>(items: readonly T[]): T[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}

async function pause(failures: number, signal: AbortSignal): Promise<void> {
  const pauseMs = Math.min(maxPauseMs, minPauseMs * 2 ** failures) * (0.5 + Math.random() / 2);
  // Rejects only when stopped.
  await delay(pauseMs, undefined, { signal }).catch(() => {});
}
