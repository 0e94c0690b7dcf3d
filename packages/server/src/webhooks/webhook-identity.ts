/**
 * The webhooks of an app → a name for each that stays when the list is put in another order, when headers, event types or
 * secrets change, and over restarts: what is stored for a webhook is found under it.
 */
import { createHash } from "node:crypto";
import type { WebhookSettings } from "../apps/app.ts";

/** In the order of the list. Of several with one URL and one filter, the second, third … have names of their own. */
export function identifyWebhooks(
  webhooks: readonly Pick<WebhookSettings, "url" | "filter">[],
): readonly string[] {
  const seen = new Map<string, number>();
  return webhooks.map(({ url, filter }) => {
    const { channelNameStartsWith = "", channelNameEndsWith = "" } = filter ?? {};
    const text = JSON.stringify([url, channelNameStartsWith, channelNameEndsWith]);
    const place = seen.get(text) ?? 0;
    seen.set(text, place + 1);
    return createHash("sha256").update(`${text}${place}`).digest("hex").slice(0, 16);
  });
}
