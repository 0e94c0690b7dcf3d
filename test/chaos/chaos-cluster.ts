/** Nodes that a backend joins, with a receiver of webhooks, as every test of chaos begins; and what must be so in the end. */
import { expect, onTestFinished, vi } from "vitest";
import { WebhookRecorder } from "../support/webhook-recorder.ts";
import type { Backend } from "./backends.ts";
import { ChaosNode, credentials } from "./chaos-node.ts";

/** Whether the slow variants run as well. */
export const isFull = process.env["ANTIPHON_CHAOS"] === "full";

/** Silence after which nodes count as dead here; by default it is longer. */
export const nodeTimeoutMs = 2000;

/** For what happens sooner or later, on whatever machine. */
export const patient = { timeout: 30_000, interval: 50 };

const eventTypes = ["channel_occupied", "channel_vacated", "member_added", "member_removed"];

export interface ClusterOptions {
  readonly backend: Pick<Backend, "settingsAt" | "countQueued">;
  /** How long departures wait before webhooks tell them. */
  readonly debounceMs?: number;
  /** Of the app. */
  readonly app?: Readonly<Record<string, unknown>>;
  /** Sections of the configuration. */
  readonly settings?: Readonly<Record<string, object>>;
  /** On which port the node of this index reaches the backend, if not directly. */
  readonly portOf?: (index: number) => number;
}

export class ChaosCluster {
  readonly nodes: ChaosNode[] = [];
  /** Receives the webhooks of all nodes. */
  readonly hooks = new WebhookRecorder();
  readonly #options: ClusterOptions;
  readonly #url: Promise<string>;

  /** Starts nothing yet but the receiver of webhooks. */
  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#url = this.hooks.start();
    onTestFinished(() => this.hooks.stop());
  }

  /** Resolves when all nodes know each other, and one leads. */
  static async start(options: ClusterOptions & { readonly size: number }): Promise<ChaosCluster> {
    const cluster = new ChaosCluster(options);
    const indexes = Array.from({ length: options.size }, (_, index) => index);
    cluster.nodes.push(...(await Promise.all(indexes.map((index) => cluster.startNode({}, index)))));
    await cluster.settle();
    return cluster;
  }

  /** Starts another node, which is not among `nodes` yet. */
  async startNode(cluster: object = {}, index = this.nodes.length): Promise<ChaosNode> {
    const { backend, app, settings = {}, debounceMs = 200, portOf } = this.#options;
    const { driver, ...sections } = backend.settingsAt(portOf?.(index));
    const url = await this.#url;
    return ChaosNode.start({
      apps: [
        {
          ...credentials,
          ...app,
          channels: { maxPresenceMembers: 1000 },
          webhooks: [{ url, eventTypes, debounceMs }],
        },
      ],
      ...sections,
      ...settings,
      cluster: { driver, heartbeatMs: 200, nodeTimeoutMs, ...cluster },
      webhooks: { batching: { enabled: true, durationMs: 20 }, ...settings["webhooks"] },
    });
  }

  /** Waits until these nodes know each other and nobody else, and one of them leads. */
  async settle(nodes: readonly ChaosNode[] = this.nodes): Promise<void> {
    await vi.waitFor(async () => {
      for (const node of nodes) expect(await node.readMetric("cluster_nodes")).toBe(nodes.length);
      expect(await listLeaders(nodes)).toHaveLength(1);
    }, patient);
  }

  /** The node that leads; waits until there is one. */
  async findLeader(nodes: readonly ChaosNode[] = this.nodes): Promise<ChaosNode> {
    return vi.waitFor(async () => {
      const [leader, ...others] = await listLeaders(nodes);
      if (leader === undefined || others.length > 0) throw new Error(`${others.length + 1} or no leaders`);
      return leader;
    }, patient);
  }

  /**
   * What the receiver of webhooks was told so far, as it was told: `+` for what came and `-` for what went, by channel and by
   * channel and member.
   */
  listEdges(): Record<string, string> {
    const edges: Record<string, string> = {};
    // Edges have nothing but text.
    for (const { name, channel = "", user_id } of this.hooks.events as readonly Record<string, string>[]) {
      const key = user_id === undefined ? channel : `${channel}/${user_id}`;
      const isComing = name === "channel_occupied" || name === "member_added";
      edges[key] = `${edges[key] ?? ""}${isComing ? "+" : "-"}`;
    }
    return edges;
  }

  /** Waits until webhooks have told exactly this, and nothing that was told waits to be taken out of the queue. */
  async told(expected: Readonly<Record<string, string>>): Promise<void> {
    await vi.waitFor(() => expect(this.listEdges()).toEqual(expected), patient);
    await vi.waitFor(async () => expect(await this.#options.backend.countQueued()).toBe(0), patient);
    expect(this.listEdges()).toEqual(expected);
  }

  /** Waits until these are the members of a presence channel, whichever node is asked. */
  async see(channel: string, members: readonly string[], nodes = this.nodes): Promise<void> {
    await vi.waitFor(async () => {
      for (const node of nodes) {
        const { users } = (await node.ask(`/channels/${channel}/users`)) as { users: { id: string }[] };
        expect(users.map(({ id }) => id).toSorted()).toEqual(members);
      }
    }, patient);
  }
}

async function listLeaders(nodes: readonly ChaosNode[]): Promise<ChaosNode[]> {
  const leads = await Promise.all(nodes.map((node) => node.readMetric("cluster_leader")));
  return nodes.filter((_, index) => leads[index] === 1);
}
