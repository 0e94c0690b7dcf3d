/** Servers that Redis or NATS joins, as their users run them: each is an `antiphon start` with settings of its own. */
import { inject, onTestFinished } from "vitest";
import {
  type ConfiguredServer,
  type ServerSettings,
  startConfiguredServer,
} from "../support/configured-server.ts";
import { startNatsServer } from "../support/nats-server.ts";
import { startRedisServer } from "../support/redis-server.ts";

export const credentials = { id: "88", key: "cluster-key", secret: "cluster-secret" };

/** What joins the servers. */
export interface Backend {
  /** Settings of a server that is let in. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The same with a password that is wrong, if there is one. */
  readonly wrongSettings: Readonly<Record<string, unknown>>;
  /** `host:port`. */
  readonly address: string;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** On the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** With `password`, nobody is let in without. */
export type StartBackend = (password?: string) => Promise<Backend>;

export const startRedis: StartBackend = async (password) => {
  const server = await startRedisServer(inject("redisServer"), password === undefined ? {} : { password });
  const settingsWith = (word: string | undefined) => ({
    driver: "redis",
    redis: { url: `redis://${word === undefined ? "" : `:${word}@`}${server.address}` },
  });
  return backendOf(server, settingsWith(password), settingsWith("wrong-word"));
};

export const startNats: StartBackend = async (password) => {
  const login = password === undefined ? {} : { username: "antiphon", password };
  const server = await startNatsServer(inject("natsServer"), login);
  const settingsWith = (word: string | undefined) => ({
    driver: "nats",
    nats: {
      servers: [server.address],
      ...(word !== undefined && { username: "antiphon", password: word }),
    },
  });
  return backendOf(server, settingsWith(password), settingsWith("wrong-word"));
};

interface RunningBackend {
  readonly address: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

interface BackendSettings {
  readonly driver: string;
  readonly [section: string]: unknown;
}

function backendOf(server: RunningBackend, right: BackendSettings, wrong: BackendSettings): Backend {
  // Nobody has to wait long for what happens when a node is not heard.
  const settingsOf = ({ driver, ...section }: BackendSettings) => ({
    ...section,
    cluster: { driver, heartbeatMs: 200, nodeTimeoutMs: 1500 },
  });
  return {
    settings: settingsOf(right),
    wrongSettings: settingsOf(wrong),
    address: server.address,
    kill: () => server.kill(),
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

/** Starts a server with these settings, and stops it when the test has finished. */
export async function startNode(settings: Partial<ServerSettings>): Promise<ConfiguredServer> {
  const server = await startConfiguredServer({
    apps: [credentials],
    log: { format: "json" },
    ...settings,
  });
  onTestFinished(async () => void (await server.stop()));
  return server;
}

/** Entries of a server's log so far. */
export function logOf(server: ConfiguredServer): Readonly<Record<string, unknown>>[] {
  return server
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The value of a metric without labels; its name without the prefix. */
export async function readMetric(server: ConfiguredServer, name: string): Promise<number> {
  const url = /Metrics +(http:\S+)/.exec(server.output())?.[1] ?? "";
  const text = await (await fetch(url)).text();
  return Number(new RegExp(`^antiphon_${name} (\\S+)$`, "m").exec(text)?.[1]);
}
