/**
 * Data of benchmark messages: JSON text that names its run and the time at which it was due. A message carries it escaped
 * or as it is, so that it is found by its marker instead of by parsing, which would make the benchmark measure itself.
 */

/** Digits of a time, so that all messages have the same size. */
const stampDigits = 12;

export class StampedData {
  readonly #marker: string;
  readonly #padding: string;

  /**
   * @param run names the run: letters and digits.
   * @param bytes of the data; shorter data is made as short as it can be
   */
  constructor(run: string, bytes: number) {
    this.#marker = `antiphon-bench-${run}-`;
    const length = this.#format(0, "").length;
    this.#padding = "x".repeat(Math.max(0, bytes - length));
  }

  /** `dueMs` is on the clock of `performance.now()`. */
  format(dueMs: number): string {
    return this.#format(dueMs, this.#padding);
  }

  /** When the message was due; `undefined` if it is not of this run. */
  read(message: string): number | undefined {
    const at = message.indexOf(this.#marker);
    if (at < 0) return undefined;
    const start = at + this.#marker.length;
    const microseconds = Number(message.slice(start, start + stampDigits));
    return Number.isNaN(microseconds) ? undefined : microseconds / 1000;
  }

  #format(dueMs: number, padding: string): string {
    const stamp = String(Math.round(dueMs * 1000)).padStart(stampDigits, "0");
    return `{"bench":"${this.#marker}${stamp}","padding":"${padding}"}`;
  }
}
