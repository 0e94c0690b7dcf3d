/**
 * This node's copy of what the other nodes hold: takes in what the adapter hears, and applies it to the hubs, which show
 * it to their clients. What a dead node held goes in small portions, so that a node with many members causes no storm.
 */
import type { App } from "../apps/app.ts";
import type { ClusterCommand, ClusterListener, Publication } from "../cluster/cluster-adapter.ts";
import type { RateTaken } from "../cluster/cluster-command.ts";
import { NodeState } from "../cluster/node-state.ts";
import type { StateChange } from "../cluster/state-change.ts";
import type { AppHubs } from "./app-hubs.ts";
import type { ChannelOccurrence } from "./channel-hub.ts";
import type { LocalHub } from "./local-hub.ts";

export interface ClusterReplicaOptions {
  readonly hubs: AppHubs;
  /** The app of this id, if this node serves it. */
  readonly findApp: (appId: string) => App | undefined;
  /** Gets the occurrences that this node is to raise. */
  readonly raise: (app: App, occurrence: ChannelOccurrence) => void;
  /** Another node has let requests through that count against a limit of the app. */
  readonly onRateTaken?: (app: App, taken: RateTaken) => void;
  readonly onNodeJoined?: (nodeId: string) => void;
  /** Before what the node held is taken away. */
  readonly onNodeLeft?: (nodeId: string) => void;
  /** Told when this node becomes the one that raises what all nodes can see, and when it is so no longer. */
  readonly onLeadership?: (leads: boolean) => void;
  /** Runs a task in a later turn of the event loop; left out, the next one. */
  readonly defer?: (task: () => void) => void;
}

/** Changes of what a node held no longer that are looked at in one turn of the event loop. */
const removalsPerTurn = 500;

/** The state of one node, by app id. */
type AppStates = Map<string, NodeState>;

interface KnownNode {
  states: AppStates;
  /** What it held before it began to tell all anew; it counts until the node has come to the end. */
  former: AppStates | undefined;
}

type Removal = Iterator<readonly [nodeId: string, appId: string, change: StateChange]>;

export class ClusterReplica implements ClusterListener {
  readonly #options: ClusterReplicaOptions;
  readonly #nodes = new Map<string, KnownNode>();
  readonly #removals: Removal[] = [];

  constructor(options: ClusterReplicaOptions) {
    this.#options = options;
  }

  /** The other nodes that are known. */
  get nodeIds(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** Tells a hub that was just made what the other nodes hold of its app. */
  feed(hub: LocalHub): void {
    for (const [nodeId, { states, former }] of this.#nodes) {
      for (const held of [former, states]) {
        for (const change of held?.get(hub.app.id)?.describe() ?? []) hub.applyChange(nodeId, change);
      }
    }
  }

  /** What one of the other nodes holds, as changes from nothing. */
  *describeNode(nodeId: string): Iterable<readonly [appId: string, change: StateChange]> {
    for (const [appId, state] of this.#nodes.get(nodeId)?.states ?? []) {
      for (const change of state.describe()) yield [appId, change];
    }
  }

  *describeCachedEvents(withinMs?: number): Iterable<readonly [appId: string, change: StateChange]> {
    for (const hub of this.#options.hubs.all()) {
      for (const change of hub.describeCache(withinMs)) yield [hub.app.id, change];
    }
  }

  *describeOwnState(): Iterable<readonly [appId: string, change: StateChange]> {
    for (const hub of this.#options.hubs.all()) {
      for (const change of hub.describeOwnState()) yield [hub.app.id, change];
    }
  }

  nodeJoined(nodeId: string): void {
    if (this.#nodes.has(nodeId)) return;
    this.#nodes.set(nodeId, { states: new Map(), former: undefined });
    this.#options.onNodeJoined?.(nodeId);
  }

  synchronising(nodeId: string): void {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return;
    const { states, former } = node;
    node.former = former ? addStates(former, states) : states;
    node.states = new Map();
  }

  synchronised(nodeId: string): void {
    const node = this.#nodes.get(nodeId);
    if (node?.former === undefined) return;
    const { former } = node;
    node.former = undefined;
    this.#remove(nodeId, former);
  }

  changed(nodeId: string, appId: string, changes: readonly StateChange[]): void {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return;
    const state = stateOf(node.states, appId);
    const hub = this.#hubOf(appId);
    for (const change of changes) {
      if (change.type === "subscriptions" && change.count === 0) {
        // Members are told to leave before their channel: of those who are still here that was lost on the way.
        for (const held of [state, node.former?.get(appId)]) {
          for (const left of held?.describeLeaving(change.channel) ?? []) hub?.applyChange(nodeId, left);
        }
      }
      if (state.apply(change)) hub?.applyChange(nodeId, change);
    }
  }

  nodeLeft(nodeId: string): void {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return;
    this.#nodes.delete(nodeId);
    this.#options.onNodeLeft?.(nodeId);
    if (node.former) this.#remove(nodeId, node.former);
    this.#remove(nodeId, node.states);
  }

  published({ appId, channel, text, exceptSocketId }: Publication): void {
    this.#options.hubs.find(appId)?.deliver(channel, text, exceptSocketId);
  }

  commanded(command: ClusterCommand): void {
    const { hubs, findApp, onRateTaken } = this.#options;
    if (command.type === "terminate-user") {
      hubs.find(command.appId)?.terminateUserHere(command.userId);
      return;
    }
    for (const taken of command.taken) {
      const app = findApp(taken.appId);
      if (app) onRateTaken?.(app, taken);
    }
  }

  raise(appId: string, occurrence: ChannelOccurrence): void {
    const hub = this.#hubOf(appId);
    if (hub) this.#options.raise(hub.app, occurrence);
  }

  /** Several nodes may see the same miss, or one that another node has ended by now. */
  cacheMissed(appId: string, channel: string): void {
    const hub = this.#hubOf(appId);
    if (hub === undefined || hub.cachedEvent(channel) || !hub.admitCacheMiss(channel)) return;
    this.#options.raise(hub.app, { name: "cache_miss", channel });
  }

  leadershipGained(): void {
    this.#options.onLeadership?.(true);
  }

  leadershipLost(): void {
    this.#options.onLeadership?.(false);
  }

  /** Made if need be: a hub that is made later would not have seen what has happened by then. */
  #hubOf(appId: string): LocalHub | undefined {
    const { hubs, findApp } = this.#options;
    const known = hubs.find(appId);
    if (known) return known;
    const app = findApp(appId);
    return app && hubs.for(app);
  }

  #remove(nodeId: string, states: AppStates): void {
    const idle = this.#removals.length === 0;
    this.#removals.push(describeRemoval(nodeId, states));
    if (idle) this.#removeNext();
  }

  #removeNext(): void {
    let left = removalsPerTurn;
    for (let removal = this.#removals[0]; removal; removal = this.#removals[0]) {
      for (let next = removal.next(); !next.done; next = removal.next()) {
        const [nodeId, appId, change] = next.value;
        if (!this.#isHeld(nodeId, appId, change)) {
          this.#options.hubs.find(appId)?.applyChange(nodeId, change);
        }
        left -= 1;
        if (left === 0) {
          (this.#options.defer ?? setImmediate)(() => this.#removeNext());
          return;
        }
      }
      this.#removals.shift();
    }
  }

  /** Whether the node holds what this change would take away: it may be back by now, or has told it anew. */
  #isHeld(nodeId: string, appId: string, removal: StateChange): boolean {
    const node = this.#nodes.get(nodeId);
    const held = node?.states.get(appId)?.wouldLose(removal) ?? false;
    return held || (node?.former?.get(appId)?.wouldLose(removal) ?? false);
  }
}

function* describeRemoval(nodeId: string, states: AppStates): Removal {
  for (const [appId, state] of states) {
    for (const change of state.describeRemoval()) yield [nodeId, appId, change];
  }
}

function stateOf(states: AppStates, appId: string): NodeState {
  let state = states.get(appId);
  if (state === undefined) {
    state = new NodeState();
    states.set(appId, state);
  }
  return state;
}

function addStates(states: AppStates, added: AppStates): AppStates {
  for (const [appId, state] of added) {
    for (const change of state.describe()) stateOf(states, appId).apply(change);
  }
  return states;
}
