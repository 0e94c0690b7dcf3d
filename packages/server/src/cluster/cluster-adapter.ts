/**
 * The contract between this node and the other nodes of its cluster. Every node owns the state of its own connections and
 * announces it; every node keeps a replica of what the others announce, so that nothing a client waits for asks another
 * node. An adapter carries: announcements and publications in the order in which they were made, commands, and
 * occurrences to the one place that raises them. It decides nothing about channels.
 *
 *   hub ──announce, publish, command, occurred──▶ ClusterAdapter ──▶ other nodes
 *   hub ◀──applied by the replica── ClusterListener ◀── ClusterAdapter
 */
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import type { ClusterCommand } from "./cluster-command.ts";
import type { StateChange } from "./state-change.ts";

export type { ClusterCommand } from "./cluster-command.ts";

/** A message for the subscribers of a channel on other nodes, or for the connections of a user. */
export interface Publication {
  readonly appId: string;
  /** A `#server-to-user-` channel reaches the connections that are signed in as the user. */
  readonly channel: string;
  /** The event as clients get it. */
  readonly text: string;
  /** Not delivered to the connection with this socket id. */
  readonly exceptSocketId?: string | undefined;
}

export interface ClusterAdapter {
  /** This life of this node. Another one after every start, and after every return to the cluster. */
  readonly nodeId: string;
  /** There are no other nodes and never will be: nobody needs to prepare anything for them. */
  readonly isAlone: boolean;
  /** What joins the nodes works. While it does not, this node serves its own clients on, and keeps what it knows of others. */
  readonly isConnected: boolean;
  /** Joins the cluster; resolves once the listener knows the state of the other nodes. */
  start(listener: ClusterListener): Promise<void>;
  /**
   * Tells the others how something on this node is now. What makes this node interested in a channel or a user, a count of
   * 1, is on its way when this returns: whoever is told to be subscribed afterwards must miss nothing that is published
   * from then on, on whichever node.
   */
  announce(appId: string, change: StateChange): void;
  /** Delivers to those other nodes that have somebody in the channel. */
  publish(publication: Publication): void;
  /** Has the others do something, those that can be reached now. */
  command(command: ClusterCommand): void;
  /**
   * A hub of this node saw this happen in its view of the cluster. The adapter sees to it that it is raised exactly once:
   * here, at one place that sees all announcements in one order, or by the node whose operation moved a shared counter.
   */
  occurred(appId: string, occurrence: ChannelOccurrence): void;
  /** Leaves the cluster, after everything that was announced before. */
  stop(): Promise<void>;
}

/**
 * What an adapter tells its node. Called in order; calls about a node that has not joined are to be ignored. The ids are the
 * adapter's: a node that returns to the cluster may keep the one it had.
 */
export interface ClusterListener {
  /**
   * Everything that this node owns, as changes from nothing; asked for whenever somebody has to be told all of it. It may be
   * read bit by bit, with changes in between: each is told as it is when it is read.
   */
  describeOwnState(): Iterable<readonly [appId: string, change: StateChange]>;
  /**
   * The events of cache channels, whoever stored them; only those of the last `withinMs` milliseconds, if that is given. Read
   * as {@link describeOwnState} is.
   */
  describeCachedEvents(withinMs?: number): Iterable<readonly [appId: string, change: StateChange]>;
  nodeJoined(nodeId: string): void;
  /** The node tells all it has anew, until {@link synchronised}; what it held before is taken to be so until then. */
  synchronising(nodeId: string): void;
  /** What the node has not told since {@link synchronising} is no longer so. */
  synchronised(nodeId: string): void;
  changed(nodeId: string, appId: string, changes: readonly StateChange[]): void;
  /** The node is gone, cleanly or not: so is everything that it owned. */
  nodeLeft(nodeId: string): void;
  published(publication: Publication): void;
  commanded(command: ClusterCommand): void;
  /** To be raised by this node. */
  raise(appId: string, occurrence: ChannelOccurrence): void;
  /** Another node saw a cache miss: to be raised by this node, unless it was, or there is an event by now. */
  cacheMissed(appId: string, channel: string): void;
  /**
   * From here on this node is the one that raises what all nodes can see: of all nodes at most one leads. It may have been
   * another one so far, which may have died in the middle of it.
   */
  leadershipGained(): void;
  /** Another node may lead from here on. */
  leadershipLost(): void;
}
