/** The beginning of what a stranger sent, short enough for a message or a log line. */
export function excerpt(text: string, maxLength = 64): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}
