/** A server of several workers under test: which of them holds which client, and under which process ids they run. */
import {
  type AppSettings,
  type ConfiguredServer,
  startConfiguredServer,
} from "../support/configured-server.ts";
import { connectRawClient, type GreetedClient, pusherUrl } from "../support/raw-client.ts";

export interface WorkerServer extends ConfiguredServer {
  /** The worker that holds the connection, as its log says. */
  workerOf(socketId: string): Promise<number>;
  /** Process ids by worker, of those that listen now. */
  pids(): ReadonlyMap<number, number>;
  /** Waits until this worker has listened so often. */
  listened(worker: number, times: number): Promise<void>;
}

/** A client, and the worker that serves it. */
export interface PlacedClient extends GreetedClient {
  readonly worker: number;
}

type Entry = Readonly<Record<string, unknown>>;

/** Starts a server of two workers, or of as many as `settings` says. */
export async function startWorkers(
  apps: readonly AppSettings[],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<WorkerServer> {
  const server = await startConfiguredServer({
    apps,
    server: { workers: 2, shutdownGraceMs: 100, ...settings },
    log: { level: "debug", format: "json" },
  });
  const entries = (): Entry[] =>
    server
      .output()
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as Entry);
  const starts = (worker?: number): Entry[] =>
    entries().filter(
      (entry) => entry["msg"] === "worker listening" && (worker === undefined || entry["worker"] === worker),
    );
  return {
    ...server,
    async workerOf(socketId) {
      await server.printed(`"socketId":"${socketId}"`);
      const entry = entries().find((each) => each["socketId"] === socketId);
      return Number(entry?.["worker"]);
    },
    pids: () => new Map(starts().map((entry) => [Number(entry["worker"]), Number(entry["pid"])])),
    async listened(worker, times) {
      for (let seen = starts(worker).length; seen < times; seen = starts(worker).length) {
        await server.printedMore();
      }
    },
  };
}

/** Connects clients until each of two workers holds at least so many. */
export async function connectToBoth(
  server: WorkerServer,
  key: string,
  atLeast: number,
): Promise<readonly PlacedClient[]> {
  const clients: PlacedClient[] = [];
  const held = (worker: number): number => clients.filter((client) => client.worker === worker).length;
  while (held(1) < atLeast || held(2) < atLeast) {
    if (clients.length > 400) throw new Error(`all of 400 connections but a few went to one worker`);
    const wave = await Promise.all(Array.from({ length: 4 }, () => connectRawClient(pusherUrl(server, key))));
    for (const client of wave) clients.push({ ...client, worker: await server.workerOf(client.socketId) });
  }
  return clients;
}

/** One client of each worker; the others are closed. */
export async function connectPair(server: WorkerServer, key: string): Promise<[PlacedClient, PlacedClient]> {
  const clients = await connectToBoth(server, key, 1);
  const pair = [1, 2].map((worker) => clients.find((client) => client.worker === worker)!);
  await Promise.all(clients.filter((each) => !pair.includes(each)).map(({ client }) => client.close()));
  return pair as [PlacedClient, PlacedClient];
}
