/** A node that has joined and then cannot listen, as when its port is taken: the others do not wait for it. */
import { pino } from "pino";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createApp } from "../../packages/server/src/app.ts";
import { loadConfig } from "../../packages/server/src/config/load-config.ts";
import { type Backend, startRedis } from "./joined-servers.ts";

vi.setConfig({ testTimeout: 30_000 });

let backend: Backend;

beforeAll(async () => {
  backend = await startRedis();
});

afterAll(() => backend.stop());

async function createNode(port: number) {
  const loaded = await loadConfig({
    env: {
      ANTIPHON_APPS: JSON.stringify([{ id: "7", key: "k", secret: "s" }]),
      ANTIPHON_HOST: "127.0.0.1",
      ANTIPHON_PORT: `${port}`,
      ANTIPHON_METRICS_ENABLED: "false",
      ANTIPHON_CLUSTER_DRIVER: "redis",
      ANTIPHON_CLUSTER_HEARTBEAT_MS: "100",
      ANTIPHON_CLUSTER_NODE_TIMEOUT_MS: "60000",
      ANTIPHON_REDIS_URL: `redis://${backend.address}`,
    },
  });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
  const log: string[] = [];
  const logger = pino(
    {},
    { write: (line: string) => void log.push((JSON.parse(line) as { msg: string }).msg) },
  );
  return { app: createApp(loaded.config, { logger }), log };
}

it("leaves the cluster at once", async () => {
  const first = await createNode(0);
  const { port } = await first.app.start();
  const second = await createNode(port);
  await expect(second.app.start()).rejects.toMatchObject({ code: "EADDRINUSE" });
  await vi.waitFor(() => expect(first.log).toContain("a node has left the cluster"), { timeout: 10_000 });
  expect(first.log.indexOf("another node has joined the cluster")).toBeGreaterThan(0);
  await first.app.stop();
});
