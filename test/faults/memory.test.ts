/** Clients that come and go leave nothing behind: the heap after many of them is what it was after some of them. */
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { pino } from "pino";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { createApp } from "../../packages/server/src/app.ts";
import { loadConfig } from "../../packages/server/src/config/load-config.ts";
import { member, TestNode } from "../../packages/server/src/pusher/session.test.harness.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes in use, after everything that nobody holds any more has gone. */
async function measureHeap(): Promise<number> {
  for (let pass = 0; pass < 3; pass += 1) {
    collectGarbage();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return process.memoryUsage().heapUsed;
}

/** Heap that grew between the first `warmUp` cycles and all of them. */
async function measureGrowth(
  warmUp: number,
  cycles: number,
  cycle: (index: number) => Promise<void> | void,
): Promise<number> {
  let before = 0;
  for (let index = 0; index < cycles; index += 1) {
    if (index === warmUp) before = await measureHeap();
    await cycle(index);
  }
  return (await measureHeap()) - before;
}

/** 20,000 sessions that each left 100 bytes would be 2 MB. */
const allowedSessionGrowthBytes = 1_000_000;

/** 2,000 connections that each left a closed socket would be more than twice as much. */
const allowedSocketGrowthBytes = 3_000_000;

it("twenty thousand sessions with channels, presence, signin and a cached event leave nothing on the heap", async () => {
  const node = new TestNode({ channels: { subscriptionCount: true, watchlist: true, cacheMaxEntries: 10 } });
  const observer = node.connect();
  const growth = await measureGrowth(5000, 25_000, (index) => {
    const client = node.connect();
    client.subscribe(`own-${index}`).subscribe("shared").subscribe(`cache-${index}`);
    client.subscribe(`presence-${index % 100}`, member(index));
    client.signIn(`{"id":"${index}","watchlist":["${index - 1}"]}`);
    node.hub.publish({ name: "e", channel: `cache-${index}`, data: "d" });
    client.session.closed();
    // Who left is told offline after a while.
    node.clock.advance(1000);
    observer.take();
    node.takeOccurrences();
    node.takeReports();
  });
  expect(node.hub.connectionCount()).toBe(1);
  expect(node.hub.channels().size).toBe(0);
  expect(growth).toBeLessThan(allowedSessionGrowthBytes);
}, 60_000);

it("two thousand connections over sockets leave nothing on the heap", async () => {
  const app = { id: "37", key: "memory-key", secret: "memory-secret" };
  const result = await loadConfig({
    env: {},
    configFile: "antiphon.json",
    files: {
      cwd: "/",
      readFile: () =>
        Promise.resolve(
          JSON.stringify({
            apps: [app],
            server: { port: 0, shutdownGraceMs: 0 },
            metrics: { enabled: false },
          }),
        ),
    },
  });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  const server = createApp(result.config, { logger: pino({ level: "silent" }) });
  const { port } = await server.start();
  onTestFinished(() => server.stop());

  async function visit(): Promise<void> {
    const websocket = new WebSocket(`ws://127.0.0.1:${port}/app/${app.key}?protocol=7`);
    await once(websocket, "message");
    websocket.send('{"event":"pusher:subscribe","data":{"channel":"shared"}}');
    await once(websocket, "message");
    websocket.close();
    await once(websocket, "close");
  }

  const together = 20;
  const growth = await measureGrowth(50, 150, async () => {
    await Promise.all(Array.from({ length: together }, visit));
  });
  expect(growth).toBeLessThan(allowedSocketGrowthBytes);
}, 60_000);
