/**
 * The exact text of every message that the server sends, byte for byte: `data` is JSON inside a JSON string everywhere but
 * in `pusher:error`, and clients in other languages break on any other form.
 */
import { createHmac } from "node:crypto";
import type Pusher from "pusher";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectRawClient, type GreetedClient, pusherUrl, RawClient } from "../support/raw-client.ts";

const app = {
  id: "9",
  key: "wire-key",
  secret: "wire-secret",
  channels: { watchlist: true },
  events: { clientEvents: "members" },
};
const counting = { id: "10", key: "counting-key", secret: "s10", channels: { subscriptionCount: true } };

let server: AntiphonProcess;
let backend: Pusher;

beforeAll(async () => {
  server = await startConfiguredServer({ apps: [app, counting] });
  backend = createPublisher(server, app);
});

afterAll(() => server.stop());

const connect = (key: string = app.key): Promise<GreetedClient> => connectRawClient(pusherUrl(server, key));

/** Joins a presence channel and reads the confirmation. */
async function joinPresence(channel: string, user_id: string | number, user_info?: object) {
  const { client, socketId } = await connect();
  // The SDK is typed for strings, but passes on what backends with numeric ids give it.
  const member = { user_id, ...(user_info && { user_info }) } as Pusher.PresenceChannelData;
  client.subscribe(channel, backend.authorizeChannel(socketId, channel, member));
  return { client, confirmation: await client.next() };
}

describe("the connection", () => {
  it("is greeted first, with its socket id and the activity timeout", async () => {
    const { client, socketId } = await connect();
    expect(socketId).toMatch(/^[1-9]\d{0,9}\.[1-9]\d{0,9}$/);
    expect(await client.settle()).toEqual([]);
  });

  it("gets the greeting in the form that every client parses", async () => {
    const greeting = await new RawClient(pusherUrl(server, app.key)).next();
    expect(greeting.replace(/\d+\.\d+/, "1.2")).toBe(
      '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"1.2\\",\\"activity_timeout\\":120}"}',
    );
  });

  it("gets a pong for a ping, before any subscription", async () => {
    const { client } = await connect();
    client.send('{"event":"pusher:ping"}');
    expect(await client.next()).toBe('{"event":"pusher:pong","data":"{}"}');
  });

  it("is told what was wrong with a message, and stays", async () => {
    const { client } = await connect();
    client.send("{");
    client.send("[]");
    client.send('{"event":"shout","data":{}}');
    expect(await client.settle()).toEqual([
      '{"event":"pusher:error","data":{"code":null,"message":"The message is not JSON."}}',
      '{"event":"pusher:error","data":{"code":null,"message":"The message is JSON, but an array, not an object."}}',
      '{"event":"pusher:error","data":{"code":null,"message":"Clients may not send the event \\"shout\\": its name does not start with client-."}}',
    ]);
  });
});

describe("subscriptions", () => {
  it("to a public channel are confirmed, a second time as well", async () => {
    const { client } = await connect();
    client.subscribe("news", { auth: "" });
    client.subscribe("news");
    const confirmation = '{"event":"pusher_internal:subscription_succeeded","channel":"news","data":"{}"}';
    expect(await client.settle()).toEqual([confirmation, confirmation]);
  });

  it("are understood with data as JSON text", async () => {
    const { client } = await connect();
    client.send({ event: "pusher:subscribe", data: '{"channel":"as-text"}' });
    expect(await client.next()).toBe(
      '{"event":"pusher_internal:subscription_succeeded","channel":"as-text","data":"{}"}',
    );
  });

  it("to a private channel are confirmed when the signature is right", async () => {
    const { client, socketId } = await connect();
    client.subscribe("private-a", backend.authorizeChannel(socketId, "private-a"));
    expect(await client.next()).toBe(
      '{"event":"pusher_internal:subscription_succeeded","channel":"private-a","data":"{}"}',
    );
  });

  it("to a private channel without a signature are refused", async () => {
    const { client } = await connect();
    client.subscribe("private-a");
    expect(await client.next()).toBe(
      '{"event":"pusher:subscription_error","channel":"private-a","data":"{\\"type\\":\\"AuthError\\",\\"error\\":\\"Missing auth: private-a needs a signature and none was sent.\\",\\"status\\":401}"}',
    );
  });

  it("to a channel with an impossible name are refused", async () => {
    const { client } = await connect();
    client.subscribe("a b");
    expect(await client.next()).toBe(
      '{"event":"pusher:subscription_error","channel":"a b","data":"{\\"type\\":\\"InvalidChannel\\",\\"error\\":\\"The channel name has the character \\\\\\" \\\\\\" at position 1, which is not allowed.\\",\\"status\\":400}"}',
    );
  });

  it("are counted where the app asks for it", async () => {
    const { client } = await connect(counting.key);
    client.subscribe("crowd");
    expect(await client.settle()).toEqual([
      '{"event":"pusher_internal:subscription_succeeded","channel":"crowd","data":"{}"}',
      '{"event":"pusher_internal:subscription_count","channel":"crowd","data":"{\\"subscription_count\\":1}"}',
    ]);
  });
});

describe("presence channels", () => {
  it("confirm with all members, and announce who comes and goes", async () => {
    const anna = await joinPresence("presence-wire", "anna", { name: "Anna" });
    expect(anna.confirmation).toBe(
      '{"event":"pusher_internal:subscription_succeeded","channel":"presence-wire","data":"{\\"presence\\":{\\"ids\\":[\\"anna\\"],\\"hash\\":{\\"anna\\":{\\"name\\":\\"Anna\\"}},\\"count\\":1}}"}',
    );
    const seven = await joinPresence("presence-wire", 7);
    expect(seven.confirmation).toBe(
      '{"event":"pusher_internal:subscription_succeeded","channel":"presence-wire","data":"{\\"presence\\":{\\"ids\\":[\\"anna\\",7],\\"hash\\":{\\"anna\\":{\\"name\\":\\"Anna\\"},\\"7\\":null},\\"count\\":2}}"}',
    );
    expect(await anna.client.next()).toBe(
      '{"event":"pusher_internal:member_added","channel":"presence-wire","data":"{\\"user_id\\":7}"}',
    );
    await seven.client.close();
    expect(await anna.client.next()).toBe(
      '{"event":"pusher_internal:member_removed","channel":"presence-wire","data":"{\\"user_id\\":7}"}',
    );
  });
});

describe("published events", () => {
  it.each([
    ["text that is not JSON", "hello", '"hello"'],
    ["JSON text", '{"a":"b"}', '"{\\"a\\":\\"b\\"}"'],
    ["an empty string", "", '""'],
    ["anything but ASCII", "“ü 🎶”", '"“ü 🎶”"'],
  ])("carry %s as it was published", async (_what, data, wire) => {
    const { client } = await connect();
    client.subscribe("published");
    await client.next();
    await backend.trigger("published", "App\\Events\\X", data);
    expect(await client.next()).toBe(`{"event":"App\\\\Events\\\\X","channel":"published","data":${wire}}`);
  });

  it("do not come any more after the unsubscription", async () => {
    const { client } = await connect();
    client.subscribe("left");
    client.send({ event: "pusher:unsubscribe", data: { channel: "left" } });
    await client.settle();
    await backend.trigger("left", "event", {});
    expect(await client.settle()).toEqual([]);
  });

  it("come from the cache right behind the confirmation, and the lack of one as a miss", async () => {
    const { client } = await connect();
    client.subscribe("cache-wire");
    await backend.trigger("cache-wire", "last", "1");
    const late = await connect();
    late.client.subscribe("cache-wire");
    expect(await client.settle()).toEqual([
      '{"event":"pusher_internal:subscription_succeeded","channel":"cache-wire","data":"{}"}',
      '{"event":"pusher:cache_miss","channel":"cache-wire","data":"{}"}',
      '{"event":"last","channel":"cache-wire","data":"1"}',
    ]);
    expect(await late.client.settle()).toEqual([
      '{"event":"pusher_internal:subscription_succeeded","channel":"cache-wire","data":"{}"}',
      '{"event":"last","channel":"cache-wire","data":"1"}',
    ]);
  });
});

describe("client events", () => {
  it("carry data as a string and the sender's id as a string", async () => {
    const sender = await joinPresence("presence-events", 7);
    const receiver = await joinPresence("presence-events", "8");
    for (const data of [{ draft: "h" }, "text", undefined]) {
      sender.client.send({ event: "client-x", channel: "presence-events", data });
    }
    await sender.client.settle();
    expect(await receiver.client.settle()).toEqual([
      '{"event":"client-x","channel":"presence-events","data":"{\\"draft\\":\\"h\\"}","user_id":"7"}',
      '{"event":"client-x","channel":"presence-events","data":"text","user_id":"7"}',
      '{"event":"client-x","channel":"presence-events","data":"{}","user_id":"7"}',
    ]);
  });
});

describe("users", () => {
  it("get the very user_data that they signed in with, and their watchlist", async () => {
    const { client, socketId } = await connect();
    const user_data = '{"id":"u1", "watchlist":["u2"]}';
    const { auth } = signUserData(socketId, user_data);
    client.send({ event: "pusher:signin", data: { auth, user_data } });
    expect(await client.settle()).toEqual([
      '{"event":"pusher:signin_success","data":"{\\"user_data\\":\\"{\\\\\\"id\\\\\\":\\\\\\"u1\\\\\\", \\\\\\"watchlist\\\\\\":[\\\\\\"u2\\\\\\"]}\\"}"}',
      '{"event":"pusher_internal:watchlist_events","data":"{\\"events\\":[{\\"name\\":\\"offline\\",\\"user_ids\\":[\\"u2\\"]}]}"}',
    ]);
    client.subscribe("#server-to-user-u1", { auth: "" });
    expect(await client.next()).toBe(
      '{"event":"pusher_internal:subscription_succeeded","channel":"#server-to-user-u1","data":"{}"}',
    );
    await backend.sendToUser("u1", "hi", "there");
    expect(await client.next()).toBe('{"event":"hi","channel":"#server-to-user-u1","data":"there"}');
  });
});

/** Signs a text as it is; the SDK would format the JSON anew. */
function signUserData(socketId: string, userData: string): { auth: string } {
  const digest = createHmac("sha256", app.secret).update(`${socketId}::user::${userData}`).digest("hex");
  return { auth: `${app.key}:${digest}` };
}
