/** Takes what is secret out of a value before it is shown: all of it, or the user and password inside a URL. */

import type { SettingDescription } from "./describe-config.ts";

const hidden = "(hidden)";

/** The value as it may be printed; `setting` is the one that the value belongs to. */
export function maskValue(value: unknown, setting: SettingDescription | undefined): unknown {
  if (setting?.secret !== true) return value;
  if (!setting.holdsCredentials) return hidden;
  if (typeof value === "string") return maskCredentials(value);
  return Array.isArray(value)
    ? value.map((each) => (typeof each === "string" ? maskCredentials(each) : hidden))
    : hidden;
}

/** `redis://(hidden)@host:6379`; what names no user stays as it is. Also for texts that are no URL. */
export function maskCredentials(text: string): string {
  const at = text.lastIndexOf("@");
  if (at === -1) return text;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(text)?.[0] ?? "";
  return `${scheme}${hidden}${text.slice(at)}`;
}
