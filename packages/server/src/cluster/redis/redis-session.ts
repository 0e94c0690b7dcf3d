/**
 * All connections of one moment: to each master that is needed one for commands and, if asked for, one for subscriptions.
 * They open together and end together: a session is whole or over.
 */
import { slotCount } from "./key-slot.ts";
import { type RedisClient, RedisLink, type RedisReply, type RedisWatch } from "./redis-link.ts";
import { formatAddress, type RedisAddress, type RedisSettings } from "./redis-options.ts";
import { RedisProblem, toRedisProblem } from "./redis-problem.ts";
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

/** Connections to one master. */
interface MasterLinks {
  readonly commands: RedisLink;
  readonly subscriptions: RedisLink | undefined;
}

export class RedisSession {
  readonly #options: RedisSessionOptions;
  readonly #links = new Set<RedisLink>();
  readonly #bySlot = new Array<MasterLinks | undefined>(slotCount);
  #isOver = false;

  private constructor(options: RedisSessionOptions) {
    this.#options = options;
  }

  /** Rejects with a {@link RedisProblem}, and nothing stays open, if any connection cannot be made. */
  static async open(options: RedisSessionOptions): Promise<RedisSession> {
    const session = new RedisSession(options);
    const masters = new Map<string, SlotOwner[]>();
    for (const slot of options.slots) {
      const owner = options.owners.find(({ first, last }) => first <= slot && slot <= last);
      if (owner === undefined) throw new RedisProblem(`no node of the Redis Cluster has slot ${slot}`);
      const key = formatAddress(owner.address);
      const owned = masters.get(key);
      if (owned === undefined) masters.set(key, [owner]);
      else if (!owned.includes(owner)) owned.push(owner);
    }
    const opened = await Promise.allSettled([...masters.values()].map((owned) => session.#openMaster(owned)));
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

  /** Rejects with a {@link RedisProblem}. */
  async send(slot: number, args: readonly (string | Buffer)[]): Promise<RedisReply> {
    const { commands } = this.#linksOf(slot);
    try {
      return await commands.send(args);
    } catch (error) {
      throw toRedisProblem(error, commands.address);
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

  async #openMaster(owned: readonly SlotOwner[]): Promise<void> {
    const [commands, subscriptions] = await Promise.all([
      this.#openLink(owned[0]!, ""),
      this.#options.subscribes ? this.#openLink(owned[0]!, "-subscriptions") : undefined,
    ]);
    const links = { commands, subscriptions };
    for (const { first, last } of owned) this.#bySlot.fill(links, first, last + 1);
    // After a failover a Sentinel may for a moment still name the old master.
    if (this.#options.settings.deployment.kind === "sentinel") await requireMaster(commands);
    // A slot has gone to another master.
    subscriptions?.client.on("sharded-channel-moved", () => {
      this.fail(new RedisProblem(`${formatAddress(commands.address)} has handed a slot to another node`));
    });
  }

  async #openLink({ address }: SlotOwner, suffix: string): Promise<RedisLink> {
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
    const links = this.#bySlot[slot];
    if (links === undefined) throw new TypeError(`this session was opened without slot ${slot}`);
    return links;
  }
}

async function requireMaster(link: RedisLink): Promise<void> {
  const role = await link.send(["ROLE"]);
  if (Array.isArray(role) && role[0] === "master") return;
  throw new RedisProblem(`${formatAddress(link.address)} is not the master any more`);
}
