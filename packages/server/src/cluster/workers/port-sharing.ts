/**
 * How several processes listen on one port. SO_REUSEPORT where this Node has it: the kernel deals connections out evenly.
 * Elsewhere all of them accept from one handle that the primary process keeps. Never hand-over by the primary process,
 * which was measured to triple the cost of a handshake.
 */
import { createServer } from "node:net";

/** Whether `listen` knows `reusePort`, and the system gives it a meaning. */
export function canReusePort(
  version: string = process.versions.node,
  platform: NodeJS.Platform = process.platform,
): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const known = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
  return known && (platform === "linux" || platform === "freebsd");
}

/**
 * Makes sure that no other program listens on the port, which processes that share it would not notice. Rejects with
 * Node's error if one does, or if the address cannot be listened on at all.
 */
export async function checkPortIsFree(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, resolve);
  });
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
