/** What a stranger sent, made fit for messages and logs. */

/** The beginning of a text, with a sign that there was more. */
export function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}

/** {@link shorten} on one line: control characters are written out, since a terminal that shows the log would obey them. */
export function excerpt(text: string, maxLength = 64): string {
  return shorten(text, maxLength).replace(/\p{Cc}/gu, writeOut);
}

function writeOut(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
