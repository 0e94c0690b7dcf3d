/** Two servers that Redis or NATS joins, as clients, publishers and the operator see them: one server. */
import type Pusher from "pusher";
import type { PresenceChannel } from "pusher-js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type AuthEndpoint, authorizedAs, startAuthEndpoint } from "../support/auth-endpoint.ts";
import type { ConfiguredServer } from "../support/configured-server.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectPusherJs, nextEvent, reachState, subscribe } from "../support/pusher-js-client.ts";
import { WebhookRecorder } from "../support/webhook-recorder.ts";
import { type Backend, credentials, readMetric, startNats, startRedis } from "./joined-servers.ts";

// Up to seven processes start, on whatever cores there are.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const patient = { timeout: 20_000, interval: 50 };

describe.each([
  { by: "Redis", startBackend: startRedis, workers: 1 },
  { by: "NATS", startBackend: startNats, workers: 1 },
  { by: "Redis, with two workers each", startBackend: startRedis, workers: 2 },
  { by: "NATS, with two workers each", startBackend: startNats, workers: 2 },
])("two servers that are joined by $by", ({ startBackend, workers }) => {
  let backend: Backend;
  let servers: [ConfiguredServer, ConfiguredServer];
  let publishers: [Pusher, Pusher];
  let auth: AuthEndpoint;
  const hooks = new WebhookRecorder();

  beforeAll(async () => {
    backend = await startBackend();
    const url = await hooks.start();
    const eventTypes = ["channel_occupied", "channel_vacated", "member_added", "member_removed"];
    const settings = {
      apps: [{ ...credentials, webhooks: [{ url, eventTypes, debounceMs: 100 }] }],
      server: { workers, shutdownGraceMs: 100 },
      log: { format: "json" },
      ...backend.settings,
    };
    servers = await Promise.all([startConfiguredServer(settings), startConfiguredServer(settings)]);
    publishers = [createPublisher(servers[0], credentials), createPublisher(servers[1], credentials)];
    auth = await startAuthEndpoint(publishers[0]);
    await vi.waitFor(async () => {
      for (const server of servers) expect(await readMetric(server, "cluster_nodes")).toBe(2 * workers);
    }, patient);
  });

  afterAll(async () => {
    for (const server of servers) expect(await server.stop()).toBe(0);
    await auth.stop();
    hooks.stop();
    await backend.stop();
  });

  /** Asks both servers, each several times so that every worker answers, until all say the same as expected. */
  async function expectBoth(path: string, params: Pusher.Params, expected: unknown) {
    await vi.waitFor(async () => {
      for (const publisher of publishers) {
        for (let asked = 0; asked < 2 * workers; asked++) {
          const answer = await publisher.get({ path, params });
          expect(await answer.json()).toEqual(expected);
        }
      }
    }, patient);
  }

  it("deliver what is published on one to the clients of both, once and in order", async () => {
    const clients = await Promise.all(servers.map((server) => connectPusherJs(server, credentials.key)));
    const received: number[][] = [[], []];
    for (const [index, client] of clients.entries()) {
      const channel = await subscribe(client, "news");
      channel.bind("headline", ({ number }: { number: number }) => received[index]?.push(number));
    }
    const info = { info: "subscription_count" };
    await expectBoth("/channels/news", info, { occupied: true, subscription_count: 2 });
    const numbers = Array.from({ length: 20 }, (_, number) => number);
    for (const number of numbers) await publishers[0].trigger("news", "headline", { number });
    await vi.waitFor(() => expect(received.map((each) => each.length)).toEqual([20, 20]), patient);
    // Requests may go to several workers, which publish each for itself.
    if (workers === 1) expect(received).toEqual([numbers, numbers]);
    else expect(received.map((each) => each.toSorted((a, b) => a - b))).toEqual([numbers, numbers]);
    await expectBoth("/channels", {}, { channels: { news: {} } });
  });

  it("show each other's members, and each once to webhooks", async () => {
    const channel = "presence-room";
    const [anna, ben] = await Promise.all(
      ["anna", "ben"].map((id, index) =>
        connectPusherJs(servers[index]!, credentials.key, authorizedAs(auth, { id })),
      ),
    );
    const ofAnna = await subscribe<PresenceChannel>(anna!, channel);
    // The node that leads may be the one of the second; only so has it heard of the first before.
    await hooks.until(channel, "member_added", { user_id: "anna" });
    const comes = nextEvent<{ id: string }>(ofAnna, "pusher:member_added");
    const ofBen = await subscribe<PresenceChannel>(ben!, channel);
    expect(await comes).toMatchObject({ id: "ben" });
    await vi.waitFor(() =>
      expect(Object.keys(ofBen.members.members as object).toSorted()).toEqual(["anna", "ben"]),
    );
    await expectBoth(`/channels/${channel}/users`, {}, { users: [{ id: "anna" }, { id: "ben" }] });
    const goes = nextEvent<{ id: string }>(ofAnna, "pusher:member_removed");
    ben!.disconnect();
    expect(await goes).toMatchObject({ id: "ben" });
    anna!.disconnect();
    await hooks.until(channel, "channel_vacated");
    expect(hooks.about(channel).map(({ name, user_id }) => [name, user_id])).toEqual([
      ["channel_occupied", undefined],
      ["member_added", "anna"],
      ["member_added", "ben"],
      ["member_removed", "ben"],
      ["member_removed", "anna"],
      ["channel_vacated", undefined],
    ]);
  });

  it("reach a user wherever it is signed in, and end its connections", async () => {
    const client = await connectPusherJs(
      servers[1],
      credentials.key,
      authorizedAs(auth, { id: "carla", user_info: {} }),
    );
    client.signin();
    await client.user.signinDonePromise;
    const notes: unknown[] = [];
    client.user.bind("note", (data: unknown) => notes.push(data));
    await vi.waitFor(async () => {
      await publishers[0].sendToUser("carla", "note", { text: "hello" });
      expect(notes[0]).toEqual({ text: "hello" });
    }, patient);
    await publishers[0].terminateUserConnections("carla");
    await reachState(client, "disconnected");
  });

  it("say so in their metrics: who is there, and that one of them leads", async () => {
    await vi.waitFor(async () => {
      const leaders = await Promise.all(servers.map((server) => readMetric(server, "cluster_leader")));
      expect(leaders[0]! + leaders[1]!).toBe(1);
    }, patient);
    for (const server of servers) {
      expect(await readMetric(server, "cluster_backend_up")).toBe(1);
      expect(await readMetric(server, "cluster_messages_received_total")).toBeGreaterThan(0);
      expect(await readMetric(server, "cluster_nodes_lost_total")).toBe(0);
    }
  });
});
