/** Requests and signatures exactly as pusher-http-python 3 makes them, against a started server. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { connectRawClient, pusherUrl } from "../support/raw-client.ts";
import { callSdk, type SdkAnswer, type SdkCall } from "./script.ts";

const python = inject("python3");
const app = { id: "42", key: "python-key", secret: "python-secret" };

describe.skipIf(!python.found)(`the Python SDK${python.found ? "" : ` (skipped: ${python.reason})`}`, () => {
  let server: AntiphonProcess;

  beforeAll(async () => {
    server = await startConfiguredServer({ apps: [app] });
  });

  afterAll(() => server.stop());

  const call = (...calls: readonly SdkCall[]): Promise<readonly SdkAnswer[]> =>
    callSdk(python, "pusher_sdk.py", { port: server.port, app }, calls);

  const connect = () => connectRawClient(pusherUrl(server, app.key));

  it("triggers on a list of channels, leaves a socket out, and keeps its connection for all requests", async () => {
    const { client, socketId } = await connect();
    client.subscribe("news");
    await client.next();
    const answers = await call(
      ["trigger", ["news", "other"], "first", { text: "Zoë", list: [1, 2] }],
      ["trigger", ["news"], "second", "plain text"],
      ["trigger", ["news"], "third", { n: 3 }, socketId],
    );
    expect(answers).toEqual(answers.map(() => ({ status: 200, body: {} })));
    expect(await client.settle()).toEqual([
      // Byte for byte as Python's json.dumps writes it.
      `{"event":"first","channel":"news","data":${JSON.stringify('{"text": "Zo\\u00eb", "list": [1, 2]}')}}`,
      '{"event":"second","channel":"news","data":"plain text"}',
    ]);
  });

  it("triggers a batch in its order", async () => {
    const { client } = await connect();
    client.subscribe("batch");
    await client.next();
    const batch = ["first", "second"].map((name) => ({ channel: "batch", name, data: { of: name } }));
    expect(await call(["trigger_batch", batch])).toEqual([{ status: 200, body: {} }]);
    expect(await client.settle()).toEqual(
      ["first", "second"].map(
        (name) => `{"event":"${name}","channel":"batch","data":"{\\"of\\": \\"${name}\\"}"}`,
      ),
    );
  });

  it("reads channels and users, with the digest of an empty body on every GET", async () => {
    const { client, socketId } = await connect();
    const data = { user_id: 7, user_info: { name: "Zoë" } };
    const [authorised] = await call(["authenticate", "presence-room", socketId, data]);
    client.subscribe("presence-room", authorised!.body as object);
    expect(await client.next()).toContain("subscription_succeeded");
    const counts = { user_count: 1, subscription_count: 1 };
    const both = ["user_count", "subscription_count"];
    expect(
      await call(
        ["channels_info"],
        ["channels_info", "presence-", both],
        ["channel_info", "presence-room", both],
        ["channel_info", "nobody,here;@="],
        ["users_info", "presence-room"],
      ),
    ).toEqual(
      [
        { channels: { "presence-room": {} } },
        { channels: { "presence-room": counts } },
        { occupied: true, ...counts },
        { occupied: false },
        { users: [{ id: "7" }] },
      ].map((body) => ({ status: 200, body })),
    );
  });

  it("signs a user in, sends to the user, and ends the user's connections without naming the app", async () => {
    const { client, socketId } = await connect();
    const [user] = await call(["authenticate_user", socketId, { id: "ann" }]);
    client.send({ event: "pusher:signin", data: user!.body });
    expect(await client.next()).toContain("pusher:signin_success");
    expect(
      await call(["send_to_user", "ann", "note", "hello"], ["terminate_user_connections", "ann"]),
    ).toEqual([
      { status: 200, body: {} },
      { status: 200, body: {} },
    ]);
    expect(await client.next()).toBe('{"event":"note","channel":"#server-to-user-ann","data":"hello"}');
    expect(await client.closed).toMatchObject({ code: 4009 });
  });

  it("gets 401 and the reason for a wrong secret", async () => {
    const options = { port: server.port, app: { ...app, secret: "wrong" } };
    const [answer] = await callSdk(python, "pusher_sdk.py", options, [["channels_info"]]);
    expect(answer).toMatchObject({
      status: 401,
      body: { code: 401, error: expect.stringMatching(/signature/i) },
    });
  });

  it("accepts webhooks, and refuses them with another body", async () => {
    const receiver = createServer();
    receiver.listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    onTestFinished(() => void receiver.close());
    const webhooks = [{ url, eventTypes: ["channel_occupied"] }];
    const hooked = await startConfiguredServer({ apps: [{ ...app, webhooks }] });
    onTestFinished(async () => void (await hooked.stop()));

    const requested = once(receiver, "request");
    const { client } = await connectRawClient(pusherUrl(hooked, app.key));
    client.subscribe("told");
    const [request, response] = await requested;
    const body = await text(request);
    response.end();
    const { "x-pusher-key": key, "x-pusher-signature": signature } = request.headers;
    const options = { port: hooked.port, app };
    const answers = await callSdk(python, "pusher_sdk.py", options, [
      ["validate_webhook", key, signature, body],
      ["validate_webhook", key, signature, body.replace("told", "tale")],
    ]);
    expect(answers.map((answer) => answer.body)).toEqual([
      { time_ms: expect.any(Number), events: [{ name: "channel_occupied", channel: "told" }] },
      null,
    ]);
  });
});
