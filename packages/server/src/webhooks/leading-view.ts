/** What a node that leads knows, as webhooks need it to tell receivers what they have missed. */
import type { App } from "../apps/app.ts";
import type { Occupant } from "./webhook-edge.ts";

/** The channels of one app at this moment, over the cluster. */
export interface ChannelView {
  /**
   * Every occupied channel, each followed by the members of a presence channel. May be walked through over several turns of
   * the event loop, in which the channels change.
   */
  occupants(): Iterable<Occupant>;
  isPresent(occupant: Occupant): boolean;
}

/** What one webhook gets of it. */
export interface LeadingView {
  readonly channels: ChannelView;
  /** Whether this node still leads, as far as can be known; asked before anything is appended that only one may raise. */
  readonly leads: () => boolean;
}

/** What all webhooks get of it. */
export interface ClusterView {
  /** All apps that this node serves, as they are now. */
  readonly apps: () => Iterable<App>;
  /** The channels of an app; `undefined` while nobody has ever been in one. */
  readonly channelsOf: (appId: string) => ChannelView | undefined;
  /** See {@link LeadingView.leads}; left out, this node leads until it is told otherwise. */
  readonly leads?: () => boolean;
}
