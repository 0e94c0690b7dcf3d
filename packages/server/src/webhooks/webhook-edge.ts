/**
 * Edges: the occurrences that change what a receiver believes about a channel or a member. Which thing an edge is about, what
 * it makes of it, and back from the name of a thing to the edge. Used by the debounce, and to remember what was told.
 */
import type { WebhookEventName } from "../apps/app.ts";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";

export type EdgeOccurrence = Extract<
  ChannelOccurrence,
  { readonly name: "channel_occupied" | "channel_vacated" | "member_added" | "member_removed" }
>;

/** A channel, or a member of a presence channel. */
export interface Occupant {
  readonly channel: string;
  readonly userId?: string;
}

/** That something is there, or there no longer. */
export interface Edge {
  /** Name of the channel or member, of any text that is valid Unicode. */
  readonly key: string;
  readonly present: boolean;
}

export function isEdge(occurrence: ChannelOccurrence): occurrence is EdgeOccurrence {
  switch (occurrence.name) {
    case "channel_occupied":
    case "channel_vacated":
    case "member_added":
    case "member_removed":
      return true;
    default:
      return false;
  }
}

export function edgeOf(occurrence: EdgeOccurrence): Edge {
  const present = occurrence.name === "channel_occupied" || occurrence.name === "member_added";
  return { key: keyOf(occurrence), present };
}

/** No channel name holds the separator; ids of users may hold anything, half a surrogate pair among it. */
export function keyOf({ channel, userId }: Occupant): string {
  return userId === undefined ? channel : `${channel}\0${JSON.stringify(userId)}`;
}

/** The reverse of {@link keyOf}; `undefined` for what is no key. */
export function readKey(key: string): Occupant | undefined {
  const end = key.indexOf("\0");
  if (end === -1) return { channel: key };
  try {
    const userId: unknown = JSON.parse(key.slice(end + 1));
    return typeof userId === "string" ? { channel: key.slice(0, end), userId } : undefined;
  } catch {
    return undefined;
  }
}

/** What is to be told when the thing has come, or has gone. */
export function describeEdge({ channel, userId }: Occupant, present: boolean): EdgeOccurrence {
  if (userId === undefined) return { name: present ? "channel_occupied" : "channel_vacated", channel };
  return { name: present ? "member_added" : "member_removed", channel, userId };
}

/** Whether a webhook of these types has to know what became of the thing: of a pair, one needs the other to be told right. */
export function concernsTypes(types: readonly WebhookEventName[], { userId }: Occupant): boolean {
  return userId === undefined
    ? types.includes("channel_occupied") || types.includes("channel_vacated")
    : types.includes("member_added") || types.includes("member_removed");
}
