/** Bytes as a person wants to see them: text in quotes if they are text, hex otherwise, never long. */
import { isUtf8 } from "node:buffer";

const maxPreviewCharacters = 64;
const maxHexBytes = 64;

/** Hex pairs separated by spaces, cut after 64 bytes. */
export function formatHex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, maxHexBytes)).toString("hex");
  const pairs = shown.replaceAll(/..(?=.)/g, "$& ");
  return bytes.length > maxHexBytes ? `${pairs} ...` : pairs;
}

/** Quoted text if the bytes are printable UTF-8, else hex; with the number of bytes where it was cut. */
export function previewBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return "empty";
  if (!isUtf8(bytes)) return formatHex(bytes);
  const text = Buffer.from(bytes).toString("utf8");
  // Control characters other than tab and line ends mean that the bytes are UTF-8 by chance.
  return /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text) ? formatHex(bytes) : previewText(text);
}

/** Quoted and escaped, cut after 64 characters. */
export function previewText(text: string): string {
  if (text.length <= maxPreviewCharacters) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, maxPreviewCharacters))}...`;
}
