/** Requests and signatures exactly as pusher-http-php 7.2 makes them, against a started server. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { connectRawClient, pusherUrl } from "../support/raw-client.ts";
import { callSdk, programPath, type SdkAnswer, type SdkCall, scriptPath } from "./script.ts";

const php = inject("php");
const app = { id: "41", key: "php-key", secret: "php-secret" };

const event = (name: string, channel: string, data: unknown): string =>
  JSON.stringify({ event: name, channel, data: JSON.stringify(data) });

describe.skipIf(!php.found)(`the PHP SDK${php.found ? "" : ` (skipped: ${php.reason})`}`, () => {
  let server: AntiphonProcess;

  beforeAll(async () => {
    server = await startConfiguredServer({
      apps: [app],
      server: { pathPrefix: "/realtime", shutdownGraceMs: 0 },
    });
  });

  afterAll(() => server.stop());

  const call = (...calls: readonly SdkCall[]): Promise<readonly SdkAnswer[]> =>
    callSdk(php, "pusher.php", { port: server.port, app }, calls);

  async function connect() {
    const { client, socketId } = await connectRawClient(pusherUrl(server, app.key));
    return { client, socketId };
  }

  /** A client in a presence channel, let in by PHP. */
  async function join(channel: string, userId: string) {
    const { client, socketId } = await connect();
    const [authorised] = await call([
      "authorizePresenceChannel",
      channel,
      socketId,
      userId,
      { name: "Zoë / Admin" },
    ]);
    client.subscribe(channel, authorised!.body as object);
    return { client, socketId, answer: await client.next() };
  }

  it("triggers on one channel and on many, leaves a socket out, and gets the attributes it asks for", async () => {
    const { client, socketId } = await connect();
    for (const channel of ["one", "two"]) {
      client.subscribe(channel);
      await client.next();
    }
    const answers = await call(
      ["trigger", ["one"], "first", { slash: "a/b", text: "Zoë" }],
      ["trigger", ["one", "two"], "second", { n: 1 }],
      ["trigger", ["one"], "third", { n: 2 }, { socket_id: socketId }],
      ["trigger", ["presence-empty"], "fourth", { n: 3 }, { info: "user_count,subscription_count" }],
    );
    expect(answers).toEqual([
      { status: 200, body: {} },
      { status: 200, body: {} },
      { status: 200, body: {} },
      { status: 200, body: { channels: { "presence-empty": { user_count: 0, subscription_count: 0 } } } },
    ]);
    expect(await client.settle()).toEqual([
      // Byte for byte as PHP's json_encode writes it.
      `{"event":"first","channel":"one","data":${JSON.stringify('{"slash":"a\\/b","text":"Zo\\u00eb"}')}}`,
      event("second", "one", { n: 1 }),
      event("second", "two", { n: 1 }),
    ]);
  });

  it("triggers a batch, in its order, and gets one entry for each event", async () => {
    const { client } = await connect();
    client.subscribe("batch");
    await client.next();
    const answers = await call(
      [
        "triggerBatch",
        [
          { channel: "batch", name: "first", data: { n: 1 } },
          { channel: "batch", name: "second", data: { n: 2 } },
        ],
      ],
      [
        "triggerBatch",
        [
          { channel: "batch", name: "third", data: { n: 3 }, info: "subscription_count" },
          { channel: "other", name: "fourth", data: { n: 4 } },
        ],
      ],
    );
    expect(answers).toEqual([
      { status: 200, body: {} },
      { status: 200, body: { batch: [{ subscription_count: 1 }, {}] } },
    ]);
    expect(await client.settle()).toEqual(
      ["first", "second", "third"].map((name, index) => event(name, "batch", { n: index + 1 })),
    );
  });

  it("reads channels and users, with attributes as text and as an array", async () => {
    const { client, answer } = await join("presence-room", "7");
    expect(answer).toBe(
      JSON.stringify({
        event: "pusher_internal:subscription_succeeded",
        channel: "presence-room",
        data: '{"presence":{"ids":["7"],"hash":{"7":{"name":"Zoë / Admin"}},"count":1}}',
      }),
    );
    const counts = { user_count: 1, subscription_count: 1 };
    const both = ["user_count", "subscription_count"];
    expect(
      await call(
        ["getChannels"],
        ["getChannels", { filter_by_prefix: "presence-", info: both }],
        ["getChannelInfo", "presence-room", { info: "user_count" }],
        ["getChannelInfo", "presence-room", { info: both }],
        ["getChannelInfo", "nobody,here;@=", {}],
        ["getPresenceUsers", "presence-room"],
      ),
    ).toEqual(
      [
        { channels: { "presence-room": {} } },
        { channels: { "presence-room": counts } },
        { occupied: true, user_count: 1 },
        { occupied: true, ...counts },
        { occupied: false },
        { users: [{ id: "7" }] },
      ].map((body) => ({ status: 200, body })),
    );
    await client.close();
  });

  it("authorises a private channel, signs a user in, sends to the user and ends the user's connections", async () => {
    const { client, socketId } = await connect();
    const [channel, user] = await call(
      ["authorizeChannel", "private-orders", socketId],
      ["authenticateUser", socketId, { id: "ann b", user_info: { name: "Ann" } }],
    );
    client.subscribe("private-orders", channel!.body as object);
    client.send({ event: "pusher:signin", data: user!.body });
    expect((await client.settle()).map((text) => (JSON.parse(text) as { event: string }).event)).toEqual([
      "pusher_internal:subscription_succeeded",
      "pusher:signin_success",
    ]);
    const answers = await call(
      ["sendToUser", "ann b", "note", { n: 1 }],
      ["terminateUserConnections", "ann b"],
      ["terminateUserConnections", "nobody"],
    );
    expect(answers).toEqual(answers.map(() => ({ status: 200, body: {} })));
    expect(await client.next()).toBe(event("note", "#server-to-user-ann b", { n: 1 }));
    expect(await client.closed).toMatchObject({ code: 4009 });
  });

  it("may put the server's path prefix in front, which it does not sign", async () => {
    const options = { port: server.port, app, path: "/realtime" };
    expect(
      await callSdk(php, "pusher.php", options, [["trigger", ["a"], "e", { n: 1 }], ["getChannels"]]),
    ).toEqual([
      { status: 200, body: {} },
      { status: 200, body: { channels: {} } },
    ]);
  });

  it("gets 401 and the reason for a wrong secret", async () => {
    const options = { port: server.port, app: { ...app, secret: "wrong" } };
    const [answer] = await callSdk(php, "pusher.php", options, [["getChannels"]]);
    expect(answer).toMatchObject({
      status: 401,
      body: { code: 401, error: expect.stringMatching(/signature/i) },
    });
  });

  it("accepts webhooks that a PHP page receives, by the names of their headers", async () => {
    const page = await startPhpPage();
    const webhooks = [{ url: page.url, eventTypes: ["channel_occupied"], debounceMs: 0 }];
    const hooked = await startConfiguredServer({ apps: [{ ...app, webhooks }] });
    onTestFinished(async () => void (await hooked.stop()));
    const { client } = await connectRawClient(pusherUrl(hooked, app.key));
    client.subscribe("told");
    expect(await page.next()).toEqual({
      valid: true,
      contentType: "application/json",
      body: { time_ms: expect.any(Number), events: [{ name: "channel_occupied", channel: "told" }] },
    });
  });
});

/** PHP's own web server with the page that receives webhooks; tells what each request came to. */
async function startPhpPage() {
  const child: ChildProcess = spawn(
    programPath(php),
    ["-d", "html_errors=0", "-S", "127.0.0.1:0", scriptPath("webhook.php")],
    {
      env: { PATH: process.env["PATH"] ?? "", PUSHER_APP_KEY: app.key, PUSHER_APP_SECRET: app.secret },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  onTestFinished(async () => {
    child.kill();
    await once(child, "exit");
  });
  const told = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  let url = "";
  for await (const line of createInterface({ input: child.stderr! })) {
    url = /\((http:\S+)\) started/.exec(line)?.[1] ?? "";
    if (url !== "") break;
  }
  return {
    url,
    async next(): Promise<unknown> {
      const { value } = await told.next();
      return JSON.parse(String(value)) as unknown;
    },
  };
}
