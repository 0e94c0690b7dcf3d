/**
 * Real Redis servers on free ports, as child processes that keep nothing on disk: single, with a password or TLS, as a Redis
 * Cluster, and as a master with a replica that Sentinels watch. Stopped by their pids.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@redis/client";
import type { ProgramSearch } from "./debian-program.ts";
import { findFreePort, waitForPort } from "./free-port.ts";
import type { TestCertificate } from "./tls-certificates.ts";

export interface RedisServerOptions {
  readonly password?: string;
  readonly tls?: TestCertificate;
  /** Further lines of its configuration. */
  readonly directives?: readonly string[];
  readonly sentinel?: boolean;
}

export class RedisServer {
  readonly port: number;
  readonly #path: string;
  readonly #folder: string;
  readonly #options: RedisServerOptions;
  #child: ChildProcess | undefined;

  constructor(path: string, port: number, folder: string, options: RedisServerOptions) {
    this.#path = path;
    this.port = port;
    this.#folder = folder;
    this.#options = options;
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Starts it again on the same port, with nothing of what it held. */
  async restart(): Promise<void> {
    const flags = this.#options.sentinel === true ? ["--sentinel"] : [];
    const child = spawn(this.#path, [join(this.#folder, "conf"), ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`redis-server ended with ${String(code)}:\n${output}`);
    });
    // Once it listens, its end is what tests ask for.
    ended.catch(() => {});
    await Promise.race([waitForPort(this.port), ended]);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** It goes on holding its connections and says nothing any more. */
  pause(): void {
    this.#child!.kill("SIGSTOP");
  }

  resume(): void {
    this.#child!.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    this.resume();
    // It holds nothing that it would have to save.
    await this.#end("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Sends one command on a connection of its own. */
  async command(...args: string[]): Promise<unknown> {
    const { tls, password } = this.#options;
    const socket = { host: "127.0.0.1", port: this.port, reconnectStrategy: false as const };
    const client = createClient({
      socket: tls === undefined ? socket : { ...socket, tls: true as const, rejectUnauthorized: false },
      ...(password !== undefined && { password }),
    });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "close");
  }
}

/** Starts one server and waits until it listens. */
export async function startRedisServer(
  search: ProgramSearch,
  options: RedisServerOptions = {},
): Promise<RedisServer> {
  if (!search.found) throw new Error(search.reason);
  const folder = await mkdtemp(join(tmpdir(), "antiphon-redis-"));
  const port = await findFreePort();
  const lines = ["bind 127.0.0.1", "daemonize no", `dir ${folder}`, ...(options.directives ?? [])];
  if (options.sentinel !== true) lines.push('save ""', "appendonly no", "repl-diskless-sync-delay 0");
  if (options.password !== undefined) {
    lines.push(`requirepass ${options.password}`);
    if (options.sentinel !== true) lines.push(`masterauth ${options.password}`);
  }
  if (options.tls === undefined) {
    lines.push(`port ${port}`);
  } else {
    const { cert, key } = options.tls;
    await Promise.all([writeFile(join(folder, "cert"), cert), writeFile(join(folder, "key"), key)]);
    lines.push("port 0", `tls-port ${port}`, `tls-cert-file ${folder}/cert`, `tls-key-file ${folder}/key`);
    lines.push(`tls-ca-cert-file ${folder}/cert`, "tls-auth-clients no");
  }
  await writeFile(join(folder, "conf"), lines.join("\n"));
  const server = new RedisServer(search.path, port, folder, options);
  try {
    await server.restart();
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return server;
}

export interface RedisClusterServers {
  /** Of three thirds of the slots. */
  readonly masters: readonly RedisServer[];
  /** One of each master, if asked for. */
  readonly replicas: readonly RedisServer[];
  /** `host:port` of the masters. */
  readonly addresses: readonly string[];
  stop(): Promise<void>;
}

/** Starts a Redis Cluster of three masters; nodes count as failed after one second of silence. */
export async function startRedisCluster(
  search: ProgramSearch,
  options: { readonly replicas?: boolean } = {},
): Promise<RedisClusterServers> {
  const startNode = async (): Promise<RedisServer & { readonly busPort: number }> => {
    const busPort = await findFreePort();
    const directives = ["cluster-enabled yes", `cluster-port ${busPort}`, "cluster-node-timeout 1000"];
    return Object.assign(await startRedisServer(search, { directives }), { busPort });
  };
  const nodes = await Promise.all(Array.from({ length: options.replicas === true ? 6 : 3 }, startNode));
  const masters = nodes.slice(0, 3);
  const replicas = nodes.slice(3);
  const bounds = [0, 5461, 10_922, 16_384];
  await Promise.all(
    nodes.map(async (node, index) => {
      await node.command("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
      if (index >= 3) return;
      await node.command("CLUSTER", "ADDSLOTSRANGE", String(bounds[index]), String(bounds[index + 1]! - 1));
    }),
  );
  for (const node of nodes.slice(1)) {
    await node.command("CLUSTER", "MEET", "127.0.0.1", String(masters[0]!.port), String(masters[0]!.busPort));
  }
  await untilAll(nodes, ["CLUSTER", "INFO"], /cluster_state:ok[^]*cluster_known_nodes:(?:3|6)\b/);
  await Promise.all(
    replicas.map(async (replica, index) => {
      const master = String(await masters[index]!.command("CLUSTER", "MYID"));
      await untilAll([replica], ["CLUSTER", "NODES"], new RegExp(master));
      await replica.command("CLUSTER", "REPLICATE", master);
    }),
  );
  await untilAll(replicas, ["INFO", "replication"], /master_link_status:up/);
  return {
    masters,
    replicas,
    addresses: masters.map(({ address }) => address),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

export interface RedisSentinelServers {
  /** Under which the Sentinels watch the master. */
  readonly name: string;
  /** The first is the master at the start. */
  readonly servers: readonly [RedisServer, RedisServer];
  readonly sentinels: readonly RedisServer[];
  /** `host:port` of the Sentinels. */
  readonly addresses: readonly string[];
  /** Has the Sentinels make the replica the master, as soon as there is one. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a master, its replica and three Sentinels, all with the same password, to whom the master is dead after one second of silence. */
export async function startRedisSentinels(
  search: ProgramSearch,
  options: { readonly password?: string } = {},
): Promise<RedisSentinelServers> {
  const name = "main";
  const master = await startRedisServer(search, options);
  const replica = await startRedisServer(search, {
    ...options,
    directives: [`replicaof 127.0.0.1 ${master.port}`],
  });
  await untilAll([replica], ["INFO", "replication"], /master_link_status:up/);
  const directives = [
    `sentinel monitor ${name} 127.0.0.1 ${master.port} 2`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 4000`,
  ];
  if (options.password !== undefined) directives.push(`sentinel auth-pass ${name} ${options.password}`);
  const sentinels = await Promise.all(
    [0, 1, 2].map(() => startRedisServer(search, { ...options, sentinel: true, directives })),
  );
  await untilAll(sentinels, ["INFO", "sentinel"], /status=ok,[^]*slaves=1,sentinels=3/);
  return {
    name,
    servers: [master, replica],
    sentinels,
    addresses: sentinels.map(({ address }) => address),
    async failOver() {
      await untilAll(sentinels.slice(0, 1), ["SENTINEL", "FAILOVER", name], /^OK$/);
    },
    async stop() {
      await Promise.all([master, replica, ...sentinels].map((server) => server.stop()));
    },
  };
}

/** Waits until each server's answer to the command looks like this. Gives up after twenty seconds. */
async function untilAll(
  servers: readonly RedisServer[],
  command: readonly string[],
  pattern: RegExp,
): Promise<void> {
  const until = performance.now() + 20_000;
  for (const server of servers) {
    for (;;) {
      const answer = await server.command(...command).then(String, String);
      if (pattern.test(answer)) break;
      if (performance.now() > until) throw new Error(`${command.join(" ")} still answers:\n${answer}`);
      // Servers tell nobody when they have found each other.
      await delay(20);
    }
  }
}
