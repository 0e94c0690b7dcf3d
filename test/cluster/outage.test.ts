/** What a server does while Redis or NATS is away, lets nobody in, or another server ends: it serves, and says why. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { authorizedAs, startAuthEndpoint } from "../support/auth-endpoint.ts";
import type { ConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectPusherJs, nextEvent, subscribe } from "../support/pusher-js-client.ts";
import { WebhookRecorder } from "../support/webhook-recorder.ts";
import {
  type Backend,
  credentials,
  logOf,
  readMetric,
  type StartBackend,
  startNats,
  startNode,
  startRedis,
} from "./joined-servers.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const patient = { timeout: 20_000, interval: 50 };

async function started(start: StartBackend, password?: string): Promise<Backend> {
  const backend = await start(password);
  onTestFinished(() => backend.stop());
  return backend;
}

/** An event published there reaches a client there. */
async function expectToServe(server: ConfiguredServer): Promise<void> {
  const client = await connectPusherJs(server, credentials.key);
  const received = nextEvent(await subscribe(client, "local"), "hello");
  await createPublisher(server, credentials).trigger("local", "hello", { alone: true });
  expect(await received).toEqual({ alone: true });
}

async function readinessOf(server: ConfiguredServer): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${server.port}/ready`);
  return `${answer.status} ${await answer.text()}`;
}

async function nodesOf(server: ConfiguredServer): Promise<number> {
  return readMetric(server, "cluster_nodes");
}

describe.each([
  { by: "Redis", start: startRedis, refused: "cluster-redis-credentials-refused" },
  { by: "NATS", start: startNats, refused: "cluster-nats-credentials-refused" },
])("with $by", ({ by, start, refused }) => {
  it("a server with a wrong password serves its own clients, and its log says exactly why", async () => {
    const backend = await started(start, "right-word");
    const server = await startNode({ ...backend.wrongSettings, server: { shutdownGraceMs: 0 } });
    await expectToServe(server);
    const failures = logOf(server).filter(({ failure }) => failure === refused);
    expect(failures).toHaveLength(1);
    expect(JSON.stringify(failures)).toContain(backend.address);
    expect(failures[0]?.["fix"]).toMatch(/password|credentials/);
    expect(server.output()).not.toContain("wrong-word");
    expect(await readMetric(server, "cluster_backend_up")).toBe(0);
  });

  it("a server that starts while it is away serves alone, and joins when it is there", async () => {
    const backend = await started(start);
    await backend.kill();
    const cluster = { ...(backend.settings["cluster"] as object), readyWithoutBackend: false };
    const settings = { ...backend.settings, cluster, server: { shutdownGraceMs: 0 } };
    const server = await startNode(settings);
    await expectToServe(server);
    const entries = logOf(server);
    expect(entries.map(({ failure }) => failure)).toContain("cluster-backend-lost");
    const timeOf = (text: string): number =>
      Date.parse(String(entries.find(({ msg }) => msg === text)?.["time"]));
    // Others that it could wait for would be given five seconds.
    expect(timeOf("listening") - timeOf("joining the cluster")).toBeLessThan(4000);
    expect(await readinessOf(server)).toMatch(/^503 .*cut off from the other nodes/);
    await backend.restart();
    await vi.waitFor(async () => expect(await readinessOf(server)).toBe("200 OK"), patient);
    const other = await startNode(settings);
    await vi.waitFor(async () => expect(await nodesOf(other)).toBe(2), patient);
    const back = logOf(server).find(({ msg }) => msg === "connected to the other nodes");
    expect(back?.["awayMs"]).toBeGreaterThan(0);
  });

  it("its restart ends no connection, and afterwards both servers hear each other", async () => {
    const backend = await started(start);
    const settings = { ...backend.settings, server: { shutdownGraceMs: 0 } };
    const [here, there] = await Promise.all([startNode(settings), startNode(settings)]);
    await vi.waitFor(async () => expect(await nodesOf(here)).toBe(2), patient);
    const client = await connectPusherJs(there, credentials.key);
    const states: string[] = [];
    client.connection.bind("state_change", ({ current }: { current: string }) => states.push(current));
    const channel = await subscribe(client, "news");
    await backend.kill();
    for (const server of [here, there]) {
      await vi.waitFor(async () => expect(await readMetric(server, "cluster_backend_up")).toBe(0), patient);
    }
    await expectToServe(there);
    await backend.restart();
    const received: unknown[] = [];
    channel.bind("headline", (data: unknown) => received.push(data));
    await vi.waitFor(async () => {
      await createPublisher(here, credentials).trigger("news", "headline", { back: true });
      expect(received[0]).toEqual({ back: true });
    }, patient);
    expect(states).toEqual([]);
  });

  it("the members of a server that stops leave at once, and of one that is killed when it was not heard", async () => {
    const backend = await started(start);
    const hooks = new WebhookRecorder();
    const url = await hooks.start();
    onTestFinished(() => hooks.stop());
    const webhooks = [{ url, eventTypes: ["member_added", "member_removed"], debounceMs: 100 }];
    const settings = {
      apps: [{ ...credentials, webhooks }],
      server: { shutdownGraceMs: 0 },
      ...backend.settings,
    };
    const [stays, stops, dies] = await Promise.all([1, 2, 3].map(() => startNode(settings)));
    await vi.waitFor(async () => expect(await nodesOf(stays!)).toBe(3), patient);
    const publisher = createPublisher(stays!, credentials);
    const auth = await startAuthEndpoint(publisher);
    onTestFinished(() => auth.stop());
    const watcher = await connectPusherJs(stays!, credentials.key, authorizedAs(auth, { id: "watcher" }));
    const room = await subscribe(watcher, "presence-room");
    const left: unknown[] = [];
    room.bind("pusher:member_removed", ({ id }: { id: unknown }) => left.push(id));
    for (const [server, id] of [
      [stops, "polite"],
      [dies, "sudden"],
    ] as const) {
      const client = await connectPusherJs(server!, credentials.key, authorizedAs(auth, { id }));
      await subscribe(client, "presence-room");
      onTestFinished(() => client.disconnect());
      client.connection.bind("disconnected", () => client.disconnect());
    }
    await vi.waitFor(() => expect(hooks.about("presence-room")).toHaveLength(3), patient);
    expect(await stops!.stop()).toBe(0);
    await vi.waitFor(() => expect(left).toEqual(["polite"]), patient);
    expect(logOf(stays!).some(({ msg }) => msg === "a node has left the cluster")).toBe(true);
    await dies!.stop("SIGKILL");
    await vi.waitFor(() => expect(left).toEqual(["polite", "sudden"]), patient);
    expect(await readMetric(stays!, "cluster_nodes_lost_total")).toBe(1);
    // Whoever led when they went, and whoever leads now: each departure is told once.
    await vi.waitFor(() => expect(hooks.about("presence-room")).toHaveLength(5), patient);
    expect(await readMetric(stays!, "cluster_leader")).toBe(1);
    const departures = hooks.about("presence-room").filter(({ name }) => name === "member_removed");
    // A new leader tells all that is missing at once.
    expect(new Set(departures.map(({ user_id }) => user_id))).toEqual(new Set(["polite", "sudden"]));
  });

  it(`says what it is in, and where ${by} is`, async () => {
    const backend = await started(start);
    const server = await startNode({ ...backend.settings, server: { shutdownGraceMs: 0 } });
    expect(server.output()).toMatch(
      new RegExp(`^ {2}Cluster +antiphon, joined by ${by} at ${backend.address}`, "m"),
    );
    const [first] = logOf(server);
    expect(first).toMatchObject({ msg: "joining the cluster", prefix: "antiphon" });
    expect(first?.["cluster"]).toContain(backend.address);
  });
});
