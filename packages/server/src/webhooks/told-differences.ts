/**
 * What a receiver was told against what is so → the edges that it has to be told yet. For a node that begins to lead: the one
 * before may have died between seeing something and telling it, or things happened while nobody led.
 */
import type { WebhookSettings } from "../apps/app.ts";
import type { ChannelView } from "./leading-view.ts";
import {
  concernsTypes,
  describeEdge,
  type EdgeOccurrence,
  keyOf,
  type Occupant,
  readKey,
} from "./webhook-edge.ts";
import { isForChannel } from "./webhook-event.ts";

/**
 * Gives one answer for each thing that was looked at, `undefined` where nothing is to be told, so that the caller can stop at
 * any of them and go on later: it looks at everything as it is when its turn comes. Members leave before their channel does,
 * and come after it.
 */
export function* findDifferences(
  told: ReadonlySet<string>,
  channels: ChannelView,
  webhook: Pick<WebhookSettings, "eventTypes" | "filter">,
): Generator<EdgeOccurrence | undefined> {
  const isWanted = (occupant: Occupant): boolean =>
    concernsTypes(webhook.eventTypes, occupant) && isForChannel(webhook, occupant.channel);
  for (const isMember of [true, false]) {
    for (const key of told) {
      const occupant = readKey(key);
      const isDue = occupant !== undefined && (occupant.userId !== undefined) === isMember;
      yield isDue && isWanted(occupant) && !channels.isPresent(occupant)
        ? describeEdge(occupant, false)
        : undefined;
    }
  }
  for (const occupant of channels.occupants()) {
    yield isWanted(occupant) && !told.has(keyOf(occupant)) ? describeEdge(occupant, true) : undefined;
  }
}

/** Keys of everything that is there now and concerns the webhook. */
export function listOccupants(
  channels: ChannelView,
  webhook: Pick<WebhookSettings, "eventTypes" | "filter">,
): Set<string> {
  const keys = new Set<string>();
  for (const coming of findDifferences(new Set(), channels, webhook)) {
    if (coming) keys.add(keyOf(coming));
  }
  return keys;
}
