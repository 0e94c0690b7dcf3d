/**
 * Raises size limits that nobody set to what other settings need: a client event of full size must fit into a message,
 * and the largest batch of an app into a request.
 */

import type { Settings } from "./schema.ts";

/** Room for the JSON around the data of a client event. */
const messageEnvelopeBytes = 4096;

/** Room for names and channels around the data of a batch. */
const batchEnvelopeBytes = 65_536;

/** A limit that was raised, and for whose sake. */
export interface RaisedLimit {
  readonly path: string;
  readonly origin: string;
}

/**
 * Gives the settings with raised limits.
 *
 * @param isSet whether somebody set the limit at a path; such limits are left alone
 */
export function deriveLimits(
  settings: Settings,
  isSet: (path: readonly (string | number)[]) => boolean,
): { settings: Settings; raised: RaisedLimit[] } {
  const raised: RaisedLimit[] = [];
  const raise = (
    path: readonly (string | number)[],
    name: string,
    now: number,
    needed: number,
    source: string,
  ) => {
    if (needed <= now || isSet(path)) return now;
    raised.push({ path: name, origin: `derived from ${source}` });
    return needed;
  };

  let { maxMessageBytes, maxRequestBytes } = settings.limits;
  const apps = settings.apps.map((app, index) => {
    const { maxDataBytes, maxBatchItems } = app.events;
    const messagePath = ["apps", index, "connection", "maxMessageBytes"];
    const messageName = `apps[${index}].connection.maxMessageBytes`;
    const dataName = `apps[${index}].events.maxDataBytes`;
    const needed = maxDataBytes + messageEnvelopeBytes;
    const appMessageBytes = raise(messagePath, messageName, app.connection.maxMessageBytes, needed, dataName);
    const batchBytes = maxDataBytes * maxBatchItems + batchEnvelopeBytes;
    maxMessageBytes = raise(
      ["limits", "maxMessageBytes"],
      "limits.maxMessageBytes",
      maxMessageBytes,
      appMessageBytes,
      messageName,
    );
    maxRequestBytes = raise(
      ["limits", "maxRequestBytes"],
      "limits.maxRequestBytes",
      maxRequestBytes,
      batchBytes,
      dataName,
    );
    return { ...app, connection: { ...app.connection, maxMessageBytes: appMessageBytes } };
  });
  return {
    settings: { ...settings, apps, limits: { ...settings.limits, maxMessageBytes, maxRequestBytes } },
    raised,
  };
}
