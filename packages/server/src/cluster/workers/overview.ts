/**
 * What the primary process knows of all workers: hubs without connections of their own, whose replicas see every change in
 * one order. Whatever happens in them happens once in the cluster, and is raised from here; the bus asks them who is
 * interested in a channel.
 */
import type { Failure } from "@antiphon/websocket";
import type { App } from "../../apps/app.ts";
import { AppHubs } from "../../channels/app-hubs.ts";
import type { ChannelOccurrence, FanOut } from "../../channels/channel-hub.ts";
import { ClusterReplica } from "../../channels/cluster-replica.ts";
import { LocalHub } from "../../channels/local-hub.ts";
import { channelTypeOf } from "../../pusher/channel-name.ts";
import type { Now, Scheduler } from "../../pusher/scheduler.ts";
import type { ForwardedOccurrence } from "./bus-message.ts";
import { BusServer } from "./bus-server.ts";

export interface OverviewOptions {
  readonly findApp: (appId: string) => App | undefined;
  /** Gets everything that happens in the cluster, once. */
  readonly raise: (app: App, occurrence: ChannelOccurrence) => void;
  readonly report: (failure: Failure) => void;
  readonly now: Now;
  readonly scheduler: Scheduler;
}

/** Nobody is connected to the primary process. */
const emptyFanOut: FanOut = { add() {}, delete() {}, publish() {} };

export class Overview {
  readonly hubs: AppHubs;
  readonly bus: BusServer;
  readonly #options: OverviewOptions;
  readonly #replica: ClusterReplica;

  constructor(options: OverviewOptions) {
    this.#options = options;
    const { findApp, raise, report } = options;
    this.hubs = new AppHubs((app) => this.#createHub(app));
    this.#replica = new ClusterReplica({ hubs: this.hubs, findApp, raise });
    this.bus = new BusServer({
      replica: this.#replica,
      interestedNodes: (appId, channel) => this.#interestedNodes(appId, channel),
      onOccurrence: (appId, occurrence) => this.#accept(appId, occurrence),
      report,
    });
  }

  #interestedNodes(appId: string, channel: string): Iterable<string> {
    // All are told what is cached; whoever subscribed a moment before that must get it as it is published.
    if (channelTypeOf(channel).cached) return this.#replica.nodeIds;
    return this.hubs.find(appId)?.interestedNodes(channel) ?? [];
  }

  #createHub(app: App): LocalHub {
    const { now, scheduler, raise } = this.#options;
    const hub = new LocalHub({ app, createFanOut: () => emptyFanOut, now, scheduler });
    hub.onOccurrence((occurrence) => raise(hub.app, occurrence));
    this.#replica.feed(hub);
    return hub;
  }

  #accept(appId: string, occurrence: ForwardedOccurrence): void {
    if (occurrence.name === "cache_miss") this.#replica.cacheMissed(appId, occurrence.channel);
    else this.#replica.raise(appId, occurrence);
  }
}
