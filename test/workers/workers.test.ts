/** A server of two processes as clients, publishers and the operator see it: one server. */
import { createHash, createHmac } from "node:crypto";
import type Pusher from "pusher";
import type { PresenceChannel } from "pusher-js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  type AuthEndpoint,
  authorizedAs,
  startAuthEndpoint,
  type Visitor,
} from "../support/auth-endpoint.ts";
import { createPublisher } from "../support/publisher.ts";
import {
  connectPusherJs,
  nextEvent,
  type PusherJs,
  reachState,
  subscribe,
} from "../support/pusher-js-client.ts";
import type { RawClient } from "../support/raw-client.ts";
import { WebhookRecorder } from "../support/webhook-recorder.ts";
import { connectPair, connectToBoth, startWorkers, type WorkerServer } from "./worker-server.ts";

// Three processes start for a server.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const credentials = { id: "77", key: "workers-key", secret: "workers-secret" };
const debounceMs = 200;

let server: WorkerServer;
let backend: Pusher;
let auth: AuthEndpoint;
const hooks = new WebhookRecorder();

beforeAll(async () => {
  const url = await hooks.start();
  const eventTypes = [
    "channel_occupied",
    "channel_vacated",
    "member_added",
    "member_removed",
    "client_event",
    "cache_miss",
  ];
  const webhooks = [{ url, eventTypes, debounceMs }];
  server = await startWorkers([{ ...credentials, events: { clientEvents: "members" }, webhooks }]);
  backend = createPublisher(server, credentials);
  auth = await startAuthEndpoint(backend);
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  await auth.stop();
  hooks.stop();
});

function join(client: RawClient, socketId: string, channel: string, user_id: string): void {
  client.subscribe(channel, backend.authorizeChannel(socketId, channel, { user_id }));
}

/** Signed by hand, so that every request comes on a connection of its own, to whichever worker takes it. */
async function ask(path: string, query: Record<string, string> = {}): Promise<unknown> {
  const parameters = new URLSearchParams({
    auth_key: credentials.key,
    auth_timestamp: String(Math.floor(Date.now() / 1000)),
    auth_version: "1.0",
    body_md5: createHash("md5").update("").digest("hex"),
    ...query,
  });
  parameters.sort();
  const target = `/apps/${credentials.id}${path}`;
  const text = `GET\n${target}\n${decodeURIComponent(parameters.toString())}`;
  parameters.set("auth_signature", createHmac("sha256", credentials.secret).update(text).digest("hex"));
  const answer = await fetch(`http://127.0.0.1:${server.port}${target}?${parameters}`, {
    headers: { connection: "close" },
  });
  return answer.json();
}

/** Asks until every worker must have answered once, and demands the same of all. */
async function askAll(path: string, query: Record<string, string> = {}): Promise<unknown> {
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(path, query)));
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  return answers[0];
}

/** Connects so many clients of pusher-js, and more until both workers hold some. */
async function connectVisitors(
  atLeast: number,
  visitorOf: (index: number) => Visitor,
): Promise<readonly PusherJs[]> {
  const clients: PusherJs[] = [];
  const workers = new Set<number>();
  while (clients.length < atLeast || workers.size < 2) {
    const wave = Array.from({ length: 8 }, (_, index) => visitorOf(clients.length + index));
    const connected = await Promise.all(
      wave.map((visitor) => connectPusherJs(server, credentials.key, authorizedAs(auth, visitor))),
    );
    for (const { connection } of connected) workers.add(await server.workerOf(connection.socket_id));
    clients.push(...connected);
  }
  return clients;
}

describe("two workers", () => {
  it("deliver what is published on any of them to the subscribers of both, once", async () => {
    const clients = await connectToBoth(server, credentials.key, 3);
    for (const { client } of clients) client.subscribe("news");
    for (const { client } of clients) await client.next();
    const expected: string[] = [];
    for (let index = 0; index < 20; index++) {
      await backend.trigger("news", "headline", { index });
      expected.push(`{"event":"headline","channel":"news","data":"{\\"index\\":${index}}"}`);
    }
    for (const { client } of clients) {
      const received = await Promise.all(expected.map(() => client.next()));
      expect(received.toSorted()).toEqual(expected.toSorted());
      expect(await client.settle()).toEqual([]);
    }
    expect(await askAll("/channels/news", { info: "subscription_count" })).toEqual({
      occupied: true,
      subscription_count: clients.length,
    });
    expect(await askAll("/connections")).toEqual({ connections: clients.length });
    await Promise.all(clients.map(({ client }) => client.close()));
  });

  it("leave out the excluded client, and pass client events on", async () => {
    const [one, other] = await connectPair(server, credentials.key);
    for (const { client, socketId } of [one, other]) {
      client.subscribe("private-room", backend.authorizeChannel(socketId, "private-room"));
      await client.next();
    }
    for (let index = 0; index < 4; index++) {
      await backend.trigger("private-room", "not-for-one", {}, { socket_id: one.socketId });
      expect(await other.client.next()).toContain("not-for-one");
    }
    one.client.send({ event: "client-typing", channel: "private-room", data: {} });
    expect(await other.client.next()).toContain("client-typing");
    expect(await one.client.settle()).toEqual([]);
    await hooks.until("private-room", "client_event");
    expect(hooks.about("private-room").filter((event) => event["name"] === "client_event")).toHaveLength(1);
  });

  it("show pusher-js one room, with each user once", async () => {
    const clients = await connectVisitors(16, (index) => ({
      id: `user-${index % 8}`,
      user_info: { name: `name ${index % 8}` },
    }));
    const rooms = await Promise.all(clients.map((each) => subscribe<PresenceChannel>(each, "presence-room")));
    // Whoever came first hears of the others as they come.
    await expect.poll(() => rooms.map((room) => room.members.count)).toEqual(rooms.map(() => 8));
    expect(await askAll("/channels/presence-room", { info: "user_count,subscription_count" })).toEqual({
      occupied: true,
      user_count: 8,
      subscription_count: clients.length,
    });
    const { users } = (await askAll("/channels/presence-room/users")) as { users: { id: string }[] };
    expect(users).toHaveLength(8);

    const removed = nextEvent<{ id: string }>(rooms[1]!, "pusher:member_removed");
    for (const [index, client] of clients.entries()) if (index % 8 === 0) client.disconnect();
    expect((await removed).id).toBe("user-0");
    for (const client of clients) client.disconnect();
    await hooks.until("presence-room", "channel_vacated");
    const names = hooks
      .about("presence-room")
      .map((event) => [event["name"], event["user_id"] ?? ""].join(" "));
    const users8 = Array.from({ length: 8 }, (_, index) => `user-${index}`);
    expect(names.toSorted()).toEqual(
      [
        "channel_occupied ",
        "channel_vacated ",
        ...users8.flatMap((user) => [`member_added ${user}`, `member_removed ${user}`]),
      ].toSorted(),
    );
  });

  it("raise one webhook for one event, whichever of them saw it", async () => {
    const [one, other] = await connectPair(server, credentials.key);
    join(one.client, one.socketId, "presence-hooks", "ann");
    join(other.client, other.socketId, "presence-hooks", "ann");
    await Promise.all([one.client.next(), other.client.next()]);
    await hooks.until("presence-hooks", "member_added");
    await one.client.close();
    expect(await other.client.settle()).toEqual([]);
    await other.client.close();
    await hooks.until("presence-hooks", "channel_vacated");
    expect(hooks.about("presence-hooks").map((event) => event["name"])).toEqual([
      "channel_occupied",
      "member_added",
      "member_removed",
      "channel_vacated",
    ]);
  });

  it("end the connections of a user on both, and give both the last event of a cache channel", async () => {
    const clients = await connectVisitors(10, () => ({ id: "bob", user_info: {} }));
    await Promise.all(
      clients.map((client) => {
        const done = nextEvent(client, "pusher:signin_success");
        client.signin();
        return done;
      }),
    );
    await backend.trigger("cache-score", "goal", { home: 1 });
    for (const client of clients) {
      const channel = client.subscribe("cache-score");
      expect(await nextEvent(channel, "goal")).toEqual({ home: 1 });
    }
    await backend.terminateUserConnections("bob");
    await Promise.all(clients.map((client) => reachState(client, "disconnected")));
  });

  it("are one target for Prometheus, and one that is ready", async () => {
    const [one, other] = await connectPair(server, credentials.key);
    const url = /http:\S+\/metrics/.exec(server.output())?.[0] ?? "";
    const text = await (await fetch(url)).text();
    const label = `{app_id="${credentials.id}",port="${server.port}"}`;
    expect(text).toContain(`antiphon_connected${label} 2`);
    expect(text).toContain("antiphon_cluster_nodes 2");
    one.client.subscribe("measured");
    other.client.subscribe("measured");
    await Promise.all([one.client.next(), other.client.next()]);
    const type = `{app_id="${credentials.id}",port="${server.port}",type="public"}`;
    await expect.poll(async () => (await fetch(url)).text()).toContain(`antiphon_channels${type} 1`);
    expect((await fetch(url.replace("/metrics", "/ready"))).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${server.port}/ready`)).status).toBe(200);
  });
});
