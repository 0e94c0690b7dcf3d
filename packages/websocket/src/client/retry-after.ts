/** Reads Retry-After (RFC 9110 §10.2.3): seconds or an HTTP date in, milliseconds out. Pure: the time comes in. */

/** Milliseconds from `nowMs` (since 1970), at least 0; undefined if the value is neither form. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Date.parse takes much more than HTTP dates, such as "-5", which would mean the year 2001.
  if (!/^[A-Z][a-z]{2,8},? .*GMT$/.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(date - nowMs, 0);
}
