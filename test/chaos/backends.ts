/** The servers that join nodes, as chaos tests treat them: killed, emptied, paused, and reached through a link that may be cut. */
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { inject, onTestFinished } from "vitest";
import { startNatsServer } from "../support/nats-server.ts";
import { startRedisServer } from "../support/redis-server.ts";

export interface Backend {
  readonly name: "Redis" | "NATS";
  readonly port: number;
  /** Settings of a node that reaches it on this port, its own if left out. */
  settingsAt(port?: number): BackendSettings;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with nothing of what it held. */
  restartEmpty(): Promise<void>;
  /** SIGSTOP. */
  pause(): Promise<void> | void;
  /** SIGCONT. */
  resume(): void;
  /** Webhook events that it holds for delivery. */
  countQueued(): Promise<number>;
}

export interface BackendSettings {
  readonly driver: "redis" | "nats";
  readonly [section: string]: unknown;
}

/** Starts one, until the test is over. */
export type StartBackend = () => Promise<Backend>;

export interface RedisBackend extends Backend {
  /** `CONFIG SET`. */
  configure(setting: string, value: string): Promise<void>;
}

export const startRedis = async (): Promise<RedisBackend> => {
  const server = await startRedisServer(inject("redisServer"));
  onTestFinished(() => server.stop());
  return {
    name: "Redis",
    port: server.port,
    settingsAt: (port = server.port) => ({ driver: "redis", redis: { url: `redis://127.0.0.1:${port}` } }),
    kill: () => server.kill(),
    restartEmpty: () => server.restart(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    async configure(setting, value) {
      await server.command("CONFIG", "SET", setting, value);
    },
    async countQueued() {
      const keys = (await server.command("KEYS", "*:queue")) as string[];
      const lengths = await Promise.all(keys.map((key) => server.command("XLEN", key)));
      return lengths.reduce((sum: number, length) => sum + Number(length), 0);
    },
  };
};

export const startNats: StartBackend = async () => {
  const server = await startNatsServer(inject("natsServer"));
  onTestFinished(() => server.stop());
  return {
    name: "NATS",
    port: server.port,
    settingsAt: (port = server.port) => ({ driver: "nats", nats: { servers: [`127.0.0.1:${port}`] } }),
    kill: () => server.kill(),
    restartEmpty: () => server.restart({ empty: true }),
    pause: () => server.freeze(),
    resume: () => server.thaw(),
    async countQueued() {
      const connection = await connect({ servers: server.address });
      const { streams } = await jetstreamManager(connection);
      const { state } = await streams.info("antiphon-webhooks-queue", {
        subjects_filter: "antiphon.webhooks.queue.>",
      });
      await connection.close();
      return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
    },
  };
};
