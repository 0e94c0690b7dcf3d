/** Names, types and signatures of channels, over the WebSocket and the HTTP API of a started server. */
import type Pusher from "pusher";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectRawClient, pusherUrl } from "../support/raw-client.ts";

const app = { id: "34", key: "rules-key", secret: "rules-secret" };

let server: AntiphonProcess;
let backend: Pusher;

beforeAll(async () => {
  server = await startConfiguredServer({ apps: [app] });
  backend = createPublisher(server, app);
});

afterAll(() => server.stop());

const connect = () => connectRawClient(pusherUrl(server, app.key));

const event = (text: string): string => (JSON.parse(text) as { event: string }).event;

describe("channel names", () => {
  // "." alone would be a step in the URL of the HTTP API.
  it.each(["a_b", "a-b", "a=b", "a@b", "a,b", "a.b", "a;b", "_-=@,.;", "x".repeat(200)])(
    "may be %s",
    async (name) => {
      const { client } = await connect();
      client.subscribe(name);
      expect(event(await client.next())).toBe("pusher_internal:subscription_succeeded");
      await backend.trigger(name, "event", "data");
      expect(JSON.parse(await client.next())).toEqual({ event: "event", channel: name, data: "data" });
      const response = await backend.get({ path: `/channels/${encodeURIComponent(name)}` });
      expect(await response.json()).toEqual({ occupied: true });
      await client.close();
    },
  );

  it.each(["x".repeat(201), "a b", "a:b", "a/b", "a#b", "ä", "a\n"])("may not be %j", async (name) => {
    const { client } = await connect();
    client.subscribe(name);
    const refusal = JSON.parse(await client.next()) as { event: string; channel: string; data: string };
    expect(refusal).toMatchObject({ event: "pusher:subscription_error", channel: name });
    expect(JSON.parse(refusal.data)).toMatchObject({ type: "InvalidChannel", status: 400 });
    // The SDK itself would refuse the name.
    const body = JSON.stringify({ name: "event", channels: [name], data: "data" });
    const query = backend.createSignedQueryString({ method: "POST", path: `/apps/${app.id}/events`, body });
    const url = `http://127.0.0.1:${server.port}/apps/${app.id}/events?${query}`;
    expect((await fetch(url, { method: "POST", body })).status).toBe(400);
    await client.close();
  });
});

/** Every type that there is: what it needs, by its prefix. */
const types = [
  ["private-encrypted-cache-a", "signature"],
  ["private-encrypted-a", "signature"],
  ["private-cache-a", "signature"],
  ["private-a", "signature"],
  ["presence-cache-a", "signature and member"],
  ["presence-a", "signature and member"],
  ["cache-a", "nothing"],
  ["#server-to-user-a", "the user's signin"],
] as const;

describe.each(types)("%s needs %s", (channel, need) => {
  const member = { user_id: "a" };

  /** How the server answers this `auth`; the member comes along where there is one. */
  async function subscribe(auth: string | undefined): Promise<{ name: string; error: string }> {
    const { client, socketId } = await connect();
    if (need === "the user's signin" && auth?.startsWith("right")) {
      client.send({ event: "pusher:signin", data: backend.authenticateUser(socketId, { id: "a" }) });
      expect(event(await client.next())).toBe("pusher:signin_success");
    }
    const channelData = need === "signature and member" ? { channel_data: JSON.stringify(member) } : {};
    client.subscribe(channel, { auth: await signed(auth, socketId), ...channelData });
    const answer = JSON.parse(await client.next()) as { event: string; data: string };
    await client.close();
    const { error = "" } = JSON.parse(answer.data) as { error?: string };
    return { name: answer.event, error };
  }

  async function signed(auth: string | undefined, socketId: string): Promise<string | undefined> {
    if (need === "nothing" || need === "the user's signin" || auth === undefined) return auth;
    const signer = {
      right: app,
      "wrong secret": { ...app, secret: "another" },
      "wrong key": { ...app, key: "another-key" },
    }[auth];
    if (signer === undefined) throw new Error(`nobody signs with ${auth}`);
    const sdk = createPublisher(server, signer, {
      encryptionMasterKeyBase64: Buffer.alloc(32, 1).toString("base64"),
    });
    const data = need === "signature and member" ? member : undefined;
    return sdk.authorizeChannel(socketId, channel, data).auth;
  }

  it("and is joined with it", async () => {
    expect((await subscribe("right")).name).toBe("pusher_internal:subscription_succeeded");
  });

  it.each([
    ["wrong secret", /^Invalid signature: /],
    ["wrong key", /^Key mismatch: /],
    [undefined, /^Missing auth: /],
  ])("and not with auth made with the %s", async (auth, reason) => {
    const { name, error } = await subscribe(auth);
    if (need === "nothing") {
      expect(name).toBe("pusher_internal:subscription_succeeded");
      return;
    }
    expect(name).toBe("pusher:subscription_error");
    expect(error).toMatch(need === "the user's signin" ? /sign/ : reason);
  });
});

describe("subscriptions", () => {
  it("that are asked for twice are delivered to once", async () => {
    const { client } = await connect();
    client.subscribe("twice");
    client.subscribe("twice");
    await client.settle();
    await backend.trigger("twice", "event", "data");
    expect(await client.settle()).toEqual(['{"event":"event","channel":"twice","data":"data"}']);
  });

  it("get nothing of the channel before their confirmation, however fast it is published", async () => {
    const publishing = new AbortController();
    const published = (async () => {
      while (!publishing.signal.aborted) await backend.trigger("busy", "event", "data");
    })();
    for (let round = 0; round < 100; round += 1) {
      const { client } = await connect();
      client.subscribe("busy");
      const [first, ...rest] = (await client.settle()).map(event);
      expect(first).toBe("pusher_internal:subscription_succeeded");
      expect(new Set(rest).size).toBeLessThanOrEqual(1);
      await client.close();
    }
    publishing.abort();
    await published;
  });
});
