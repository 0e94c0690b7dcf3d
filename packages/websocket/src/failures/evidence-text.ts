/**
 * Text from the wire, made safe for evidence and messages: printable ASCII on one line, at most 64 characters.
 * Called wherever a failure quotes something that a peer sent.
 */

const maxCharacters = 64;

/** Gives `text` with everything but printable ASCII escaped as `\xNN` or `\uNNNN`, cut at 64 characters. */
export function toEvidenceText(text: string): string {
  const escaped = text.slice(0, maxCharacters + 1).replaceAll(/[^\x20-\x7e]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
  return escaped.length > maxCharacters ? `${escaped.slice(0, maxCharacters - 3)}...` : escaped;
}

/** Gives the first 16 bytes as hex pairs separated by spaces. */
export function toEvidenceHex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** Replaces `user:password@` in something like a URL or an authority. */
export function hideUserInfo(text: string): string {
  const at = text.lastIndexOf("@");
  if (at < 0) return text;
  const start = text.indexOf("//");
  return `${start < 0 || start > at ? "" : text.slice(0, start + 2)}***${text.slice(at)}`;
}
