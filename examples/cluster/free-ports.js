/** Ports for programs that cannot be told to take any. */
import { once } from "node:events";
import { createServer } from "node:net";

/** As many ports of the loopback as asked for, which nobody listens on. All are held before the first is given back. */
export async function findFreePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
