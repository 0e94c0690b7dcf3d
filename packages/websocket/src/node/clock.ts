/**
 * Monotonic time in whole milliseconds, for everything that counts in seconds. Whole numbers stay inside the objects that
 * remember them; fractions would each be an object of their own, six for every connection.
 */
export function readClock(): number {
  return Math.floor(performance.now());
}
