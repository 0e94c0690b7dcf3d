/** Parsers of option values, for commander. */

import { InvalidArgumentError } from "commander";

const largestSeconds = 86_400;

/** Gathers the values of an option that may be given several times. */
export function collect(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value];
}

/** Seconds, also with a fraction, as milliseconds. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds > largestSeconds) {
    throw new InvalidArgumentError(`Give seconds, at most ${largestSeconds}.`);
  }
  return Math.round(seconds * 1000);
}
