/**
 * What the verdict on a frame header depends on, from the rules of a connection. All connections under the same limits
 * share one object: one of their own would be 100 bytes for each that is idle.
 */
import type { HeaderContext } from "./frame-header.ts";
import type { ReceiveRules } from "./message-reader.ts";

const contexts = new WeakMap<ReceiveRules["limits"], HeaderContext[]>();

/** The context of a connection that reads by these rules. */
export function findHeaderContext(rules: ReceiveRules, deflateNegotiated: boolean): HeaderContext {
  const { role, strictness, limits } = rules;
  const allowNonMinimalLength = strictness === "compat";
  let known = contexts.get(limits);
  if (known === undefined) contexts.set(limits, (known = []));
  const variant = (role === "server" ? 1 : 0) + (allowNonMinimalLength ? 2 : 0) + (deflateNegotiated ? 4 : 0);
  return (known[variant] ??= {
    role,
    deflateNegotiated,
    allowNonMinimalLength,
    maxFrameBytes: limits.maxFrameBytes,
    maxMessageBytes: limits.maxMessageBytes,
    acceptsText: limits.accepts.includes("text"),
    acceptsBinary: limits.accepts.includes("binary"),
  });
}
