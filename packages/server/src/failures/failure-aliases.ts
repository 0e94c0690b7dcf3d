/** Names by which failures were called elsewhere or once, and the catalogue's own. Aliases are never used for anything new. */
export const failureAliases: ReadonlyMap<string, string> = new Map([
  ["frame-not-masked", "frame-unmasked-from-client"],
  ["ping-not-answered-by-design", "ping-not-answered"],
  ["close-code-not-allowed-in-browser", "close-code-not-allowed"],
]);
