import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { choosePlace, describeWebhookStore } from "../webhook-store-contract.test.harness.ts";
import { startJetStream } from "./jetstream-backend.test.harness.ts";
import { formatMessage } from "./webhook-message.ts";

describeWebhookStore("JetStream", startJetStream);

describe("what JetStream cannot write at once", () => {
  let backend: Awaited<ReturnType<typeof startJetStream>>;

  beforeAll(async () => {
    backend = await startJetStream();
  });
  afterAll(() => backend.stop());

  /** A store, and a writer of events that died, or had lost its claim, before it recorded what they tell. */
  async function open() {
    const place = choosePlace();
    const stores = await backend.connect(place, 100);
    onTestFinished(() => stores.close());
    const store = stores.open({ appId: "app", webhookId: "one" });
    const connection = await connect({ servers: [backend.address] });
    onTestFinished(() => connection.close());
    const js = jetstream(connection);
    const subject = (kind: string) =>
      `${place}.webhooks.${kind}.${Buffer.from("app").toString("base64url")}.one`;
    return {
      store,
      publish: (kind: string, text: string) => js.publish(subject(kind), text),
      claim: async (owner: string) => (await js.publish(subject("claim"), owner)).seq,
      write: (channel: string, present: boolean, claimedAt: number) =>
        js.publish(
          subject("queue"),
          formatMessage({
            channel,
            json: channel,
            raisedAtMs: 1,
            edge: { key: channel, present, claimedAt },
          }),
        ),
    };
  }

  it("is known from the events in the queue to whoever claims it next", async () => {
    const { store, claim, write } = await open();
    await store.claim("first");
    await store.append({
      writer: "w",
      owner: "first",
      entries: [{ sequence: 1, channel: "b", raisedAtMs: 1, edge: { key: "b", present: true } }],
    });
    const mine = await claim("dying");
    await write("a", true, mine);
    await write("b", false, mine);
    expect([...(await store.claim("next"))]).toEqual(["a"]);
    const events = await store.read(undefined, 10);
    expect(events.map(({ json }) => json)).toEqual(["a", "b"]);
    // And to all after it, when the events are not there any more.
    await store.remove(events.map(({ position }) => position));
    expect([...(await store.claim("the one after"))]).toEqual(["a"]);
  });

  it("is void where it was written by an older claim behind a newer one", async () => {
    const { store, claim, write } = await open();
    await store.claim("first");
    const older = await claim("zombie");
    await write("before", true, older);
    expect([...(await store.claim("next"))]).toEqual(["before"]);
    await write("late", true, older);
    expect((await store.read(undefined, 10)).map(({ json }) => json)).toEqual(["before"]);
    expect((await store.depth()).events).toBe(1);
    await write("later", true, older);
    expect([...(await store.claim("third"))]).toEqual(["before"]);
  });

  it("is passed over where it is none of ours", async () => {
    const { store, publish } = await open();
    await store.claim("first");
    for (const text of ["", "{", "[]", '["a"]', '{"channel":"a"}']) await publish("queue", text);
    expect(await store.read(undefined, 10)).toEqual([]);
    for (const text of ["", '["a","b",1]']) await publish("dead", text);
    expect(await store.listDead(10)).toEqual([]);
  });
});
