/** Channels of every kind with the real pusher-js and the real `pusher` SDK on a started server. */

import type Pusher from "pusher";
import type { Channel, PresenceChannel } from "pusher-js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { type AuthEndpoint, authorizedAs, startAuthEndpoint } from "../support/auth-endpoint.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectPusherJs, nextEvent, type PusherJs, subscribe } from "../support/pusher-js-client.ts";

const app = { id: "7", key: "channels-key", secret: "channels-secret", events: { clientEvents: "members" } };
const encryptionMasterKeyBase64 = Buffer.alloc(32, 1).toString("base64");

let server: AntiphonProcess;
let backend: Pusher;
let auth: AuthEndpoint;

beforeAll(async () => {
  server = await startConfiguredServer({ apps: [app] });
  backend = createPublisher(server, app, { encryptionMasterKeyBase64 });
  auth = await startAuthEndpoint(backend);
});

afterAll(async () => {
  await auth.stop();
  await server.stop();
});

const connect = (id: string, user_info: Record<string, unknown> = {}): Promise<PusherJs> =>
  connectPusherJs(server, app.key, authorizedAs(auth, { id, user_info }));

/** The names of all events of a channel from now on, pusher-js's own included. */
function recordEvents(channel: Channel): string[] {
  const names: string[] = [];
  channel.bind_global((name: string) => names.push(name));
  return names;
}

describe("public channels", () => {
  it("deliver what the SDK publishes, with the data as it was given", async () => {
    const pusher = await connect("1");
    const channel = await subscribe(pusher, "news");
    const received = nextEvent(channel, "headline");
    await backend.trigger("news", "headline", { title: "Äther 🎶", tags: ["a", "b"] });
    expect(await received).toEqual({ title: "Äther 🎶", tags: ["a", "b"] });
  });

  it("deliver the events of a batch in its order", async () => {
    const pusher = await connect("1");
    const channel = await subscribe(pusher, "ticker");
    const events = recordEvents(channel);
    const last = nextEvent(channel, "third");
    await backend.triggerBatch(
      ["first", "second", "third"].map((name) => ({ channel: "ticker", name, data: {} })),
    );
    await last;
    expect(events).toEqual(["first", "second", "third"]);
  });

  it("leave out the connection whose socket id the publisher names", async () => {
    const [sender, other] = await Promise.all([connect("1"), connect("2")]);
    const own = recordEvents(await subscribe(sender, "board"));
    const theirs = await subscribe(other, "board");
    const received = nextEvent(theirs, "moved");
    await backend.trigger("board", "moved", {}, { socket_id: sender.connection.socket_id });
    await received;
    const after = nextEvent(sender.channel("board"), "after");
    await backend.trigger("board", "after", {});
    await after;
    expect(own).toEqual(["after"]);
  });

  it("bring nothing more once the client has unsubscribed", async () => {
    const pusher = await connect("1");
    const left = recordEvents(await subscribe(pusher, "left"));
    pusher.unsubscribe("left");
    const kept = await subscribe(pusher, "kept");
    const received = nextEvent(kept, "event");
    await backend.trigger(["left", "kept"], "event", {});
    await received;
    expect(left).toEqual([]);
    const response = await backend.get({ path: "/channels/left" });
    expect(await response.json()).toEqual({ occupied: false });
  });
});

describe("private channels", () => {
  it("deliver to a client that the auth endpoint lets in", async () => {
    const pusher = await connect("1");
    const channel = await subscribe(pusher, "private-orders");
    const received = nextEvent(channel, "shipped");
    await backend.trigger("private-orders", "shipped", { order: 5 });
    expect(await received).toEqual({ order: 5 });
  });

  it("tell a client why, when its backend signs with the wrong secret", async () => {
    const stranger = createPublisher(server, { ...app, secret: "another-secret" });
    const wrongAuth = await startAuthEndpoint(stranger);
    onTestFinished(() => wrongAuth.stop());
    const pusher = await connectPusherJs(server, app.key, authorizedAs(wrongAuth, { id: "1" }));
    const refused = nextEvent(pusher.subscribe("private-orders"), "pusher:subscription_error");
    expect(await refused).toEqual({
      type: "AuthError",
      error: expect.stringMatching(/^Invalid signature: /),
      status: 401,
    });
    expect(pusher.connection.state).toBe("connected");
  });
});

describe("presence channels", () => {
  it("show two members to each other, and tell of the one who leaves", async () => {
    const [anna, ben] = await Promise.all([
      connect("anna", { name: "Anna" }),
      connect("ben", { name: "Ben" }),
    ]);
    const seenByAnna = await subscribe<PresenceChannel>(anna, "presence-room");
    const added = nextEvent(seenByAnna, "pusher:member_added");
    const seenByBen = await subscribe<PresenceChannel>(ben, "presence-room");

    expect(await added).toEqual({ id: "ben", info: { name: "Ben" } });
    expect(seenByBen.members.count).toBe(2);
    expect(seenByBen.members.members).toEqual({ anna: { name: "Anna" }, ben: { name: "Ben" } });
    expect(seenByBen.members.me).toEqual({ id: "ben", info: { name: "Ben" } });

    const removed = nextEvent(seenByAnna, "pusher:member_removed");
    ben.disconnect();
    expect(await removed).toEqual({ id: "ben", info: { name: "Ben" } });
    expect(seenByAnna.members.count).toBe(1);
  });

  it("show a user with two tabs once, and keep the user until the second tab is gone", async () => {
    const watcher = await connect("watcher");
    const room = await subscribe<PresenceChannel>(watcher, "presence-tabs");
    const events = recordEvents(room);
    const [first, second] = await Promise.all([connect("twice"), connect("twice")]);
    await subscribe(first, "presence-tabs");
    await subscribe(second, "presence-tabs");
    expect(room.members.count).toBe(2);
    first.disconnect();
    const removed = nextEvent(room, "pusher:member_removed");
    second.disconnect();
    await removed;
    expect(events).toEqual(["pusher:member_added", "pusher:member_removed"]);
  });

  it("are listed with their users by the HTTP API", async () => {
    const pusher = await connect("listed");
    await subscribe(pusher, "presence-listed");
    const channels = await backend.get({
      path: "/channels",
      params: { filter_by_prefix: "presence-listed", info: "user_count" },
    });
    expect(await channels.text()).toBe('{"channels":{"presence-listed":{"user_count":1}}}');
    const users = await backend.get({ path: "/channels/presence-listed/users" });
    expect(await users.text()).toBe('{"users":[{"id":"listed"}]}');
  });
});

describe("encrypted channels", () => {
  it("are decrypted by pusher-js, while the server only sees ciphertext", async () => {
    const pusher = await connect("1");
    const channel = await subscribe(pusher, "private-encrypted-cache-notes");
    const received = nextEvent(channel, "note");
    await backend.trigger("private-encrypted-cache-notes", "note", { text: "for your eyes" });
    expect(await received).toEqual({ text: "for your eyes" });

    // The cached event is what the server knows of it.
    const response = await backend.get({
      path: "/channels/private-encrypted-cache-notes",
      params: { info: "cache" },
    });
    const { cache } = (await response.json()) as { cache: { data: string } };
    expect(JSON.parse(cache.data)).toEqual({ nonce: expect.any(String), ciphertext: expect.any(String) });
    expect(cache.data).not.toContain("eyes");
  });
});

describe("cache channels", () => {
  it("report a miss while nothing was published", async () => {
    const pusher = await connect("1");
    const channel = pusher.subscribe("cache-empty");
    await nextEvent(channel, "pusher:cache_miss");
    expect(channel.subscribed).toBe(true);
  });

  it("give a late subscriber the last event, after the confirmation", async () => {
    await backend.trigger("cache-weather", "forecast", { sky: "grey" });
    await backend.trigger("cache-weather", "forecast", { sky: "blue" });
    const pusher = await connect("1");
    const channel = pusher.subscribe("cache-weather");
    const events = recordEvents(channel);
    expect(await nextEvent(channel, "forecast")).toEqual({ sky: "blue" });
    expect(events).toEqual(["pusher:subscription_succeeded", "forecast"]);
  });
});

describe("client events", () => {
  it("reach the other members with the sender's id, and are not echoed", async () => {
    const [anna, ben] = await Promise.all([connect("anna"), connect("ben")]);
    const annasRoom = await subscribe<PresenceChannel>(anna, "presence-typing");
    const bensRoom = await subscribe<PresenceChannel>(ben, "presence-typing");
    const annasEvents = recordEvents(annasRoom);
    const received = new Promise<unknown[]>((resolve) => {
      bensRoom.bind("client-typing", (data: unknown, metadata: unknown) => resolve([data, metadata]));
    });
    annasRoom.trigger("client-typing", { draft: "hel" });
    expect(await received).toEqual([{ draft: "hel" }, { user_id: "anna" }]);

    const answer = nextEvent(annasRoom, "client-seen");
    bensRoom.trigger("client-seen", {});
    await answer;
    expect(annasEvents).toEqual(["client-seen"]);
  });

  it("are refused above ten in a second, which closes nothing", async () => {
    const pusher = await connect("1");
    const channel = await subscribe(pusher, "private-flood");
    const refused = nextEvent(pusher.connection, "error");
    for (let count = 0; count < 11; count += 1) channel.trigger("client-tick", { count });
    expect(await refused).toEqual({
      type: "PusherError",
      data: { code: 4301, message: "More than 10 client events were sent within a second." },
    });
    expect(pusher.connection.state).toBe("connected");
  });
});
