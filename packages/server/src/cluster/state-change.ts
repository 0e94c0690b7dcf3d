/**
 * What the nodes of a cluster tell each other about the state that each of them owns: plain data, fit for JSON. A change
 * says how something is from now on, never by how much it differs, so that hearing it twice does no harm. Made by the
 * hubs, carried by the adapters, taken in by the replica of every other node; checked where it comes from a wire.
 */
import { z } from "zod";

/** Texts in changes were bounded by the node that made them; this only keeps nonsense out. */
const maxTextLength = 65_536;
const text = z.string().max(maxTextLength);
const count = z.int().min(0);

const stateChangeSchema = z.discriminatedUnion("type", [
  /** So many of the node's connections are in the channel. */
  z.strictObject({ type: z.literal("subscriptions"), channel: text, count }),
  /** The user is in a presence channel on this node since then; what is shown is that of its oldest connection. */
  z.strictObject({
    type: z.literal("member"),
    channel: text,
    userId: z.union([text, z.number()]),
    userInfo: z.unknown().optional(),
    sinceMs: z.number(),
  }),
  /** The user's last connection of this node has left a presence channel. */
  z.strictObject({ type: z.literal("member-left"), channel: text, userId: text }),
  /** So many of the node's connections are signed in as the user. */
  z.strictObject({ type: z.literal("user"), userId: text, count }),
  /** The app's connections on this node. */
  z.strictObject({ type: z.literal("connections"), authorised: count, unauthorised: count }),
  /** A cache channel's last event. It belongs to no node: it stays when the node is gone. */
  z.strictObject({
    type: z.literal("cached"),
    channel: text,
    name: text,
    data: z.string(),
    /** Only compared with others of the channel. */
    storedAtMs: z.number(),
    /** For so long it is still kept; not when it ends, since nodes' clocks differ. */
    leftMs: z.number().min(0),
  }),
]);

/** One change of one app on one node. */
export type StateChange = z.output<typeof stateChangeSchema>;

/** Changes of one app, in the order in which they happened. */
export const stateChangesSchema = z.array(stateChangeSchema);
