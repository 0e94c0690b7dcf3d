/**
 * One webhook of one app, as the app's dispatcher sees it, whatever holds its queue: `local-webhook-target.ts` for a process
 * that delivers what it raised itself, `durable-webhook-target.ts` for nodes that share a store.
 */
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import type { BatchSettings } from "./batching.ts";
import type { ChannelView, LeadingView } from "./leading-view.ts";

/** What came of some events, for metrics. Only `retrying` is not the end of them. */
export interface DeliveryResult {
  readonly outcome: "delivered" | "retrying" | "given-up" | "dropped" | "lost-on-shutdown";
  readonly events: number;
  /** 0 for events that were never sent. */
  readonly attempts: number;
  /** Of the last attempt. */
  readonly durationMs: number;
  readonly status?: number;
}

/** How all webhooks are delivered. */
export interface DeliverySettings {
  readonly batching: BatchSettings;
  /** Time from the first attempt in which a failed delivery is tried again; 0 tries once. */
  readonly retryForMs: number;
  /** Deliveries of one target under way, those that wait for a retry included. */
  readonly maxConcurrentRequests: number;
}

export interface WebhookTarget {
  /** Takes note of what happened; sees to its delivery if this webhook wants it. Never throws. */
  accept(occurrence: ChannelOccurrence): void;
  /** From here on this node raises edges and delivers what all nodes appended. */
  lead(view: LeadingView): void;
  /** What joins the nodes is away, and may come back without what receivers were told: this is for whoever leads then. */
  remember(channels: ChannelView): void;
  /** Another node does; resolves when no attempt is under way any more. */
  stopLeading(): Promise<void>;
  /** Resolves when everything that was accepted so far is queued. */
  queued(): Promise<void>;
  /** Events that wait or are under way, without departures that may yet be cancelled. */
  depth(): Promise<number>;
  /** Brings everything to where a crash cannot lose it. Resolves when nothing is left to do, or after {@link abandon}. */
  flush(): Promise<void>;
  /** Gives up what is not there yet, and reports it as lost. */
  abandon(): Promise<void>;
}
