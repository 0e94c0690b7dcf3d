/** Who is in a presence channel, kept from its events: the snapshot at the start, then joins and leaves. */
import { isJsonObject } from "../pusher/bounded-json.ts";
import { readMember, type ServerEvent } from "./server-event.ts";

export class PresenceList {
  readonly #members = new Set<string>();

  /** User ids in the order in which they were learnt. */
  get members(): readonly string[] {
    return [...this.#members];
  }

  /** Takes one event of the channel; those of other kinds change nothing. */
  apply(event: ServerEvent): void {
    const userId = readUserId(event);
    if (event.event === "pusher_internal:member_added" && userId !== undefined) this.#members.add(userId);
    if (event.event === "pusher_internal:member_removed" && userId !== undefined)
      this.#members.delete(userId);
    if (event.event !== "pusher_internal:subscription_succeeded") return;
    this.#members.clear();
    const presence = readMember(event, "presence");
    const ids = isJsonObject(presence) ? presence["ids"] : undefined;
    if (Array.isArray(ids)) for (const id of ids) this.#members.add(String(id));
  }
}

function readUserId(event: ServerEvent): string | undefined {
  const id = readMember(event, "user_id");
  return typeof id === "string" || typeof id === "number" ? String(id) : undefined;
}
