/** What an entry of the tables of other tools' error texts looks like. */

/** Texts of other tools that mean the same. */
export interface ForeignMessage {
  /** Parts of the text, compared without case; each stands for itself. */
  readonly fragments: readonly string[];
  /** Who prints it. */
  readonly tools: string;
  /** Names from the catalogue, most likely first. */
  readonly names: readonly [string, ...string[]];
  /** A close code or a status whose explanation helps further. */
  readonly seeAlso?: number;
}
