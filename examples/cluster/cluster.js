/**
 * The cluster: Redis, three nodes that it joins, and the proxy in front of them, each a process on a port of the loopback. The
 * nodes are plain `antiphon start` with antiphon.json; only ports and the address of Redis are their own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram } from "./find-program.js";
import { findFreePorts } from "./free-ports.js";
import { NodeLogs } from "./node-logs.js";
import { Program } from "./program.js";
import { findConfiguration } from "./proxies.js";

/** Antiphons are sung by choirs. */
const nodeNames = ["alto", "tenor", "bass"];
const antiphon = join(
  dirname(createRequire(import.meta.url).resolve("antiphon/package.json")),
  "bin/antiphon.js",
);
const configFile = fileURLToPath(new URL("antiphon.json", import.meta.url));

export class Cluster {
  #journal;
  #logs;
  #folder = mkdtempSync(join(tmpdir(), "antiphon-cluster-"));
  #redis;
  #nodes;
  #proxy;
  #stopping = false;

  /** `programs` has the path of redis-server, and name, path and configuration of the proxy. */
  constructor(journal, ports, programs) {
    this.#journal = journal;
    this.#logs = new NodeLogs(journal);
    this.#redis = this.#createProgram({
      name: "redis",
      path: programs.redis,
      // Nothing has to outlive it: the nodes hold the state, and tell it each other again.
      args: toFlags({ port: ports.redis, bind: "127.0.0.1", save: "", appendonly: "no", dir: this.#folder }),
      port: ports.redis,
    });
    this.#nodes = nodeNames.map((name, index) => this.#createNode(name, ports.nodes[index], ports.redis));
    this.#proxy = this.#createProgram({
      name: programs.proxy.name,
      path: programs.proxy.path,
      args: programs.proxy.configure(this.#folder, ports),
      port: ports.proxy,
    });
  }

  /** Starts all. Rejects with the reason, and then something may be running that {@link stop} ends. */
  async start() {
    await this.#startProgram(this.#redis);
    await Promise.all(this.#nodes.map((node) => this.#startProgram(node)));
    await this.#startProgram(this.#proxy);
  }

  async stop() {
    this.#stopping = true;
    await Promise.all(this.#programs.map((program) => program.stop()));
  }

  /** What has to be done even if this process ends in the midst of something. */
  abandon() {
    for (const program of this.#programs) program.abandon();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** `kill -9`; false if there is nothing of this name that may be killed. */
  kill(name) {
    const program = this.#findKillable(name);
    program?.kill();
    return program !== undefined;
  }

  /** Starts what was killed; false if there is nothing of this name. */
  async restart(name) {
    const program = this.#findKillable(name);
    if (program?.state === "stopped") await this.#startProgram(program);
    return program !== undefined;
  }

  /** Name of the node that holds this socket. */
  findNode(socketId) {
    return this.#logs.findNode(socketId);
  }

  /** Port of the HTTP API of this node, or of the proxy. */
  findApiPort(name) {
    return [...this.#nodes, this.#proxy].find((program) => program.name === name)?.port;
  }

  describe() {
    const nodes = this.#nodes.map((node) => ({
      ...describeProgram(node),
      leads: node.name === this.#logs.leader,
    }));
    return { proxy: describeProgram(this.#proxy), nodes, redis: describeProgram(this.#redis) };
  }

  get #programs() {
    return [this.#proxy, ...this.#nodes, this.#redis];
  }

  #findKillable(name) {
    return [...this.#nodes, this.#redis].find((program) => program.name === name);
  }

  #createNode(name, port, redisPort) {
    return this.#createProgram({
      name,
      path: process.execPath,
      args: [antiphon, "start", "--quiet", "--config", configFile],
      env: {
        ANTIPHON_SERVER_PORT: String(port),
        ANTIPHON_METRICS_PORT: "0",
        ANTIPHON_REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      },
      port,
      onLine: (line) => this.#logs.read(name, line),
    });
  }

  #createProgram(options) {
    return new Program({
      ...options,
      onEnd: (pid, how) => {
        this.#logs.ended(options.name);
        if (!this.#stopping) this.#journal.add(options.name, `process ${pid} ended: ${how}`, "bad");
      },
    });
  }

  async #startProgram(program) {
    await program.start();
    this.#journal.add(program.name, `listens on 127.0.0.1:${program.port}, process ${program.pid}`, "good");
  }
}

const describeProgram = ({ name, port, pid, state }) => ({ name, port, pid, state });

const toFlags = (settings) =>
  Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);

/** Makes a cluster on ports that are free; `proxyPort` may be given. Throws if a program is missing. */
export async function createCluster(journal, { proxyName, proxyPort }) {
  const configure = findConfiguration(proxyName);
  const proxy = { name: proxyName, path: findProgram(proxyName), configure };
  const programs = { redis: findProgram("redis-server"), proxy };
  const [redis, freePort, ...nodes] = await findFreePorts(2 + nodeNames.length);
  return new Cluster(journal, { redis, nodes, proxy: proxyPort || freePort }, programs);
}
