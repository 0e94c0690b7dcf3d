/** A port for programs that cannot be told to take any: free a moment ago, and the system gives others to those who ask for any. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until something listens. Gives up after ten seconds. */
export async function waitForPort(port: number): Promise<void> {
  const until = performance.now() + 10_000;
  while (!(await isOpen(port))) {
    if (performance.now() > until) throw new Error(`nothing listens on port ${port}`);
    // No event tells when another program listens.
    await delay(10);
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}
