/**
 * Finds the servers to talk to: the one that is configured, the master that Sentinels know, or the masters of a Redis Cluster
 * with their slots. Asked before every connection, and again and again while there is one.
 */
import { slotCount } from "./key-slot.ts";
import { defaultRedisWatch, RedisLink, type RedisReply } from "./redis-link.ts";
import { formatAddress, type RedisAddress, type RedisSettings } from "./redis-options.ts";
import { RedisProblem, toRedisProblem } from "./redis-problem.ts";

/** The master of a range of slots; outside a Redis Cluster one master has them all. */
export interface SlotOwner {
  readonly first: number;
  readonly last: number;
  readonly address: RedisAddress;
}

/** Sentinels that answer this much later than the first are not waited for. */
const sentinelPatienceMs = 250;

export class RedisServers {
  readonly #settings: RedisSettings;
  /** Connections for questions, kept from one to the next. */
  readonly #links = new Map<string, Promise<RedisLink>>();
  #clusterNodes: readonly RedisAddress[];
  #isClosed = false;

  constructor(settings: RedisSettings) {
    this.#settings = settings;
    this.#clusterNodes = settings.deployment.kind === "cluster" ? settings.deployment.nodes : [];
  }

  /** Rejects with a {@link RedisProblem} if nobody knows. */
  async find(): Promise<readonly SlotOwner[]> {
    const { deployment } = this.#settings;
    switch (deployment.kind) {
      case "single":
        return ownAll(deployment.address);
      case "sentinel":
        return ownAll(await this.#askSentinels(deployment.nodes, deployment.name));
      default:
        return this.#askCluster(deployment.nodes);
    }
  }

  /** Ends all questions. */
  close(): void {
    this.#isClosed = true;
    for (const link of this.#links.values()) {
      link.then(
        (open) => open.destroy(),
        () => {},
      );
    }
    this.#links.clear();
  }

  /** Of several answers the one of the latest failover counts: a Sentinel that was cut off may know an old master. */
  async #askSentinels(nodes: readonly RedisAddress[], name: string): Promise<RedisAddress> {
    const answers: { readonly epoch: number; readonly address: RedisAddress }[] = [];
    const questions = nodes.map(async (node) => {
      const master = readPairs(await this.#ask(node, ["SENTINEL", "MASTER", name]));
      const address = { host: master["ip"] ?? "", port: Number(master["port"]) };
      if (address.host !== "") answers.push({ epoch: Number(master["config-epoch"]), address });
    });
    // Rejects only if all do.
    await Promise.any(questions).catch(() => {});
    const patience = new Promise((resolve) => {
      setTimeout(resolve, sentinelPatienceMs).unref();
    });
    await Promise.race([Promise.allSettled(questions), patience]);
    const [latest] = answers.toSorted((a, b) => b.epoch - a.epoch);
    if (latest !== undefined) return latest.address;
    throw await firstProblem(questions, `no Sentinel knows a master ${name}`);
  }

  /** Nodes that answered last time are asked first, then those that are configured. */
  async #askCluster(configured: readonly RedisAddress[]): Promise<readonly SlotOwner[]> {
    const problems: unknown[] = [];
    const nodes = new Map([...this.#clusterNodes, ...configured].map((node) => [formatAddress(node), node]));
    for (const node of nodes.values()) {
      try {
        // One after another: the first that knows is enough.
        const [info, slots] = await Promise.all([
          this.#ask(node, ["CLUSTER", "INFO"]),
          this.#ask(node, ["CLUSTER", "SLOTS"]),
        ]);
        if (typeof info !== "string" || !info.includes("cluster_state:ok")) {
          throw new RedisProblem(`${formatAddress(node)} says that the Redis Cluster is down`);
        }
        const owners = readSlots(slots, node);
        this.#clusterNodes = owners.map(({ address }) => address);
        return owners;
      } catch (error) {
        problems.push(error);
      }
    }
    throw problems[0];
  }

  async #ask(address: RedisAddress, question: readonly string[]): Promise<RedisReply> {
    const key = formatAddress(address);
    const { deployment, credentials } = this.#settings;
    let link = this.#links.get(key);
    if (link === undefined) {
      if (this.#isClosed) throw new RedisProblem("the connection to Redis was closed");
      const forget = (): void => void this.#links.delete(key);
      link = RedisLink.open({
        settings: this.#settings,
        address,
        credentials: deployment.kind === "sentinel" ? deployment.credentials : credentials,
        database: 0,
        name: "antiphon-servers",
        watch: defaultRedisWatch,
        onLost: forget,
      });
      link.catch(forget);
      this.#links.set(key, link);
    }
    const open = await link;
    try {
      return await open.send(question);
    } catch (error) {
      throw toRedisProblem(error, address);
    }
  }
}

/** Whether the same masters have the same slots. */
export function areSameOwners(one: readonly SlotOwner[], other: readonly SlotOwner[]): boolean {
  return describeOwners(one) === describeOwners(other);
}

function describeOwners(owners: readonly SlotOwner[]): string {
  const lines = owners.map(({ first, last, address }) => `${first}-${last} ${formatAddress(address)}`);
  return lines.toSorted().join();
}

function ownAll(address: RedisAddress): readonly SlotOwner[] {
  return [{ first: 0, last: slotCount - 1, address }];
}

async function firstProblem(questions: readonly Promise<void>[], otherwise: string): Promise<RedisProblem> {
  const settled = await Promise.allSettled(questions);
  const failed = settled.find((result) => result.status === "rejected");
  return failed?.reason instanceof RedisProblem ? failed.reason : new RedisProblem(otherwise);
}

/** Names and values, as a map of RESP3 or in turns as RESP2 has them. */
function readPairs(reply: RedisReply): Readonly<Record<string, string>> {
  if (!Array.isArray(reply)) return typeof reply === "object" ? (reply as Record<string, string>) : {};
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < reply.length; i += 2) pairs.push([String(reply[i]), String(reply[i + 1])]);
  return Object.fromEntries(pairs);
}

/** A node that does not know its own address leaves it out: it is the one that was asked. */
function readSlots(reply: RedisReply, asked: RedisAddress): readonly SlotOwner[] {
  if (!Array.isArray(reply)) throw new RedisProblem(`${formatAddress(asked)} knows nothing of slots`);
  return reply.map((entry: readonly RedisReply[]) => {
    const [first, last, master] = entry as readonly [number, number, readonly [string | null, number]];
    const [host, port] = master;
    return { first, last, address: { host: host === null || host === "" ? asked.host : host, port } };
  });
}
