/**
 * The app key in the path of a WebSocket URL: `[PREFIX]/app/KEY`, with or without the prefix, since some proxies strip
 * it. The path comes percent-decoded from the engine.
 */
export function readAppKey(path: string, pathPrefix: string): string | undefined {
  const inside =
    pathPrefix !== "" && path.startsWith(`${pathPrefix}/`) ? path.slice(pathPrefix.length) : path;
  return /^\/app\/([^/]+)\/?$/.exec(inside)?.[1];
}
