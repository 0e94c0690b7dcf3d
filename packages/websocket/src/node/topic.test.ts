import { afterEach, describe, expect, it, vi } from "vitest";
import { TestConnection } from "../../../../test/support/test-connection.ts";
import { Topic } from "./topic.ts";

const open: TestConnection[] = [];

afterEach(() => {
  for (const { connection } of open.splice(0)) connection.terminate();
});

async function connect(): Promise<TestConnection> {
  const test = new TestConnection();
  await nextTurn();
  open.push(test);
  return test;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The text of all frames that were written; short unmasked ones. */
function received({ socket }: TestConnection): string {
  const bytes = Buffer.concat(socket.writes);
  let text = "";
  for (let at = 0; at < bytes.length; at += 2 + bytes[at + 1]!)
    text += bytes.toString("latin1", at + 2, at + 2 + bytes[at + 1]!);
  return text;
}

describe("a topic", () => {
  it("writes what one turn published as one buffer, the same for all", async () => {
    const [one, other] = [await connect(), await connect()];
    const topic = new Topic();
    topic.add(one.connection);
    topic.add(other.connection);
    topic.publish("a");
    topic.publish("b");
    await nextTurn();
    expect(one.socket.writes.map(String)).toEqual(
      ["\x81\x01a\x81\x01b"].map((text) => Buffer.from(text, "latin1").toString()),
    );
    expect(other.socket.writes[0]!.buffer).toBe(one.socket.writes[0]!.buffer);
  });

  it("leaves out who is excepted, and nobody else", async () => {
    const [one, other] = [await connect(), await connect()];
    const topic = new Topic();
    topic.add(one.connection);
    topic.add(other.connection);
    topic.publish("a");
    topic.publish("b", one.connection);
    topic.publish("c");
    await nextTurn();
    expect([received(one), received(other)]).toEqual(["ac", "abc"]);
  });

  it("keeps order against messages to one subscriber, and gives newcomers nothing from before", async () => {
    const [one, late] = [await connect(), await connect()];
    const topic = new Topic();
    topic.add(one.connection);
    topic.publish("a");
    one.connection.send("b");
    topic.publish("c");
    topic.add(late.connection);
    topic.publish("d");
    topic.delete(one.connection);
    topic.publish("e");
    await nextTurn();
    expect([received(one), received(late)]).toEqual(["abcd", "de"]);
  });

  it("serves many in slices, each of them in order, and one ahead of its turn when it has to be", async () => {
    const topic = new Topic();
    const subscribers: TestConnection[] = [];
    for (let i = 0; i < 2500; i += 1) subscribers.push(new TestConnection());
    await nextTurn();
    open.push(...subscribers);
    for (const { connection } of subscribers) topic.add(connection);
    // Every look at the clock finds it 3 ms later: a slice ends at the second look after its begin.
    let nowMs = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => (nowMs += 3));
    topic.publish("a");
    topic.publish("b", subscribers[2400]!.connection);
    await nextTurn();
    const served = (): number => subscribers.filter((each) => each.socket.writes.length > 0).length;
    expect(served()).toBe(100);

    // Not served yet: gets what is due before its own message.
    subscribers[2499]!.connection.send("x");
    topic.publish("c");
    for (let turn = 0; turn < 60; turn += 1) await nextTurn();
    vi.restoreAllMocks();
    expect(served()).toBe(2500);
    const texts = new Set(subscribers.map(received));
    expect(texts).toEqual(new Set(["abc", "ac", "abxc"]));
    expect(received(subscribers[2400]!)).toBe("ac");
    expect(received(subscribers[2499]!)).toBe("abxc");
  });

  it("calls back when the last subscriber has left", async () => {
    const one = await connect();
    let empty = 0;
    const topic = new Topic(() => {
      empty += 1;
    });
    topic.add(one.connection);
    one.connection.terminate();
    await nextTurn();
    await nextTurn();
    expect([topic.size, empty]).toEqual([0, 1]);
  });
});
