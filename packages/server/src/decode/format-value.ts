/** Small parts of the table: bits, bytes, durations, and texts that are cut. */

/** `10000001` of the byte `81` with all bits but the given ones as dots, bit 0 first. */
export function formatBits(hex: string, [first, last]: readonly [number, number]): string {
  const bits = Number.parseInt(hex.slice(0, 2), 16).toString(2).padStart(8, "0");
  return Array.from(bits, (bit, index) => (index >= first && index <= last ? bit : ".")).join("");
}

/** Hex pairs separated by spaces, at most so many. */
export function shortenHex(hex: string, maxBytes: number): string {
  const pairs = hex.match(/[\da-f]{2}/g) ?? [];
  const isCut = pairs.length > maxBytes || hex.endsWith("...");
  return isCut ? `${pairs.slice(0, maxBytes - 1).join(" ")} ..` : pairs.join(" ");
}

/** Cut with an ellipsis, so that no more than so many characters are left. */
export function shorten(text: string, maxCharacters: number): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters - 3)}...` : text;
}

/** Milliseconds since the start as `+1.234 s`. */
export function formatDuration(milliseconds: number): string {
  return `+${(milliseconds / 1000).toFixed(3)} s`;
}
