/**
 * All connections of one moment: to each master that is needed one for commands and, if asked for, one for subscriptions.
 * They open together and end together: a session is whole or over.
 */
import { type RedisClient, RedisLink, type RedisReply, type RedisWatch } from "./redis-link.ts";
import { formatAddress, type RedisAddress, type RedisSettings } from "./redis-options.ts";
import { isErrorReply, RedisProblem, toRedisProblem } from "./redis-problem.ts";
import type { SlotOwner } from "./redis-servers.ts";

export interface RedisSessionOptions {
  readonly settings: RedisSettings;
  readonly owners: readonly SlotOwner[];
  /** Slots of everything that will be sent. */
  readonly slots: ReadonlySet<number>;
  readonly subscribes: boolean;
  readonly name: string;
  readonly watch: RedisWatch;
  /** Called once, when any of the connections is gone; not for {@link RedisSession.end}. */
  readonly onLost: (problem: RedisProblem) => void;
}

/** Slots of one master that are used. */
interface MasterSlots {
  readonly address: RedisAddress;
  readonly slots: number[];
}

/** Connections to one master. */
interface MasterLinks {
  readonly commands: RedisLink;
  readonly subscriptions: RedisLink | undefined;
}

export class RedisSession {
  readonly #options: RedisSessionOptions;
  readonly #links = new Set<RedisLink>();
  readonly #bySlot = new Map<number, MasterLinks>();
  #isOver = false;

  private constructor(options: RedisSessionOptions) {
    this.#options = options;
  }

  /** Rejects with a {@link RedisProblem}, and nothing stays open, if any connection cannot be made. */
  static async open(options: RedisSessionOptions): Promise<RedisSession> {
    const session = new RedisSession(options);
    const masters = groupByMaster(options.slots, options.owners);
    const opened = await Promise.allSettled(masters.map((master) => session.#openMaster(master)));
    const failed = opened.find((result) => result.status === "rejected");
    if (failed !== undefined) {
      session.end();
      throw failed.reason;
    }
    return session;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends a command to the master of a slot; the client is good for as long as the session is. */
  commandsOf(slot: number): RedisClient {
    return this.#linksOf(slot).commands.client;
  }

  subscriptionsOf(slot: number): RedisClient {
    const { subscriptions } = this.#linksOf(slot);
    if (subscriptions === undefined) throw new TypeError("this session was opened without subscriptions");
    return subscriptions.client;
  }

  /** The master of a slot. */
  addressOf(slot: number): RedisAddress {
    return this.#linksOf(slot).commands.address;
  }

  /** Rejects with a {@link RedisProblem}; throws for a slot that the session was not opened with. */
  async send(slot: number, args: readonly (string | Buffer)[]): Promise<RedisReply> {
    const { commands } = this.#linksOf(slot);
    try {
      return await commands.send(args);
    } catch (error) {
      const problem = toRedisProblem(error, commands.address);
      // After a failover, or when a slot has moved, the connection is with a server that is not the master any more.
      if (isErrorReply(error, "READONLY") || isErrorReply(error, "MOVED")) this.fail(problem);
      throw problem;
    }
  }

  /** Resolves when the servers have got everything that was sent before. */
  async flush(): Promise<void> {
    const commands = new Set([...this.#options.slots].map((slot) => this.#linksOf(slot).commands));
    await Promise.all([...commands].map((link) => link.send(["PING"])));
  }

  /** Over because of a problem; tells it. */
  fail(problem: RedisProblem): void {
    if (this.#isOver) return;
    this.end();
    this.#options.onLost(problem);
  }

  /** Closes all connections. */
  end(): void {
    this.#isOver = true;
    for (const link of this.#links) link.destroy();
  }

  async #openMaster({ address, slots }: MasterSlots): Promise<void> {
    const [commands, subscriptions] = await Promise.all([
      this.#openLink(address, ""),
      this.#options.subscribes ? this.#openLink(address, "-subscriptions") : undefined,
    ]);
    const links = { commands, subscriptions };
    for (const slot of slots) this.#bySlot.set(slot, links);
    // After a failover a Sentinel may for a moment still name the old master.
    if (this.#options.settings.deployment.kind === "sentinel") await requireMaster(commands);
    subscriptions?.client.on("sharded-channel-moved", () => {
      this.fail(new RedisProblem(`${formatAddress(address)} has handed a slot to another node`));
    });
  }

  async #openLink(address: RedisAddress, suffix: string): Promise<RedisLink> {
    const { settings, name, watch } = this.#options;
    const link = await RedisLink.open({
      settings,
      address,
      credentials: settings.credentials,
      database: settings.database,
      name: `${name}${suffix}`,
      watch,
      onLost: (problem) => this.fail(problem),
    });
    if (this.#isOver) link.destroy();
    this.#links.add(link);
    return link;
  }

  #linksOf(slot: number): MasterLinks {
    const links = this.#bySlot.get(slot);
    if (links === undefined) throw new TypeError(`this session was opened without slot ${slot}`);
    return links;
  }
}

function groupByMaster(slots: ReadonlySet<number>, owners: readonly SlotOwner[]): readonly MasterSlots[] {
  const masters = new Map<string, MasterSlots>();
  for (const slot of slots) {
    const owner = owners.find(({ first, last }) => first <= slot && slot <= last);
    if (owner === undefined) throw new RedisProblem(`no node of the Redis Cluster has slot ${slot}`);
    const key = formatAddress(owner.address);
    const master = masters.get(key);
    if (master === undefined) masters.set(key, { address: owner.address, slots: [slot] });
    else master.slots.push(slot);
  }
  return [...masters.values()];
}

async function requireMaster(link: RedisLink): Promise<void> {
  const role = await link.send(["ROLE"]).catch((error: unknown) => {
    throw toRedisProblem(error, link.address);
  });
  if (Array.isArray(role) && role[0] === "master") return;
  throw new RedisProblem(`${formatAddress(link.address)} is not the master any more`);
}
