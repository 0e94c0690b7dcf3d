/** The transport over a real Redis Cluster: topics on all masters, and slots that go from one to another. */
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { type RedisClusterServers, startRedisCluster } from "../../../../../test/support/redis-server.ts";
import type { Topic } from "../distributed/cluster-transport.ts";
import { slotOfKey } from "./key-slot.ts";
import { openTransport, type TestTransport, until } from "./redis-transport.test.harness.ts";

const search = inject("redisServer");

/** Enough channels to have some on every master. */
const channels = Array.from(
  { length: 200 },
  (_, index): Topic => ({ kind: "channel", appId: "1", channel: `c${index}` }),
);

describe.skipIf(!search.found)("over a Redis Cluster, a transport", () => {
  let cluster: RedisClusterServers;

  beforeAll(async () => {
    cluster = await startRedisCluster(search);
  }, 60_000);

  afterAll(() => cluster.stop());

  function open(): Promise<TestTransport> {
    // Any one of the nodes leads to the others.
    return openTransport({ cluster: [cluster.addresses[1]!] });
  }

  it("computes the slot of a key as the servers do", async () => {
    for (const key of ["antiphon", "{antiphon}:lease:leader", "{}x", "a{b}{c}", "ü{é}", "{", ""]) {
      expect(slotOfKey(key)).toBe(await cluster.masters[0]!.command("CLUSTER", "KEYSLOT", key));
    }
  });

  it("spreads channels over all masters, and keeps each in order", async () => {
    const [sender, receiver] = await Promise.all([open(), open()]);
    for (const channel of channels) receiver.subscribe(channel);
    await allInForce(receiver, sender);
    for (let round = 0; round < 10; round++) {
      for (const channel of channels) sender.publish(channel, String(round));
    }
    await until(() => channels.every((channel) => receiver.texts(channel).filter(isRound).length === 10));
    for (const channel of channels) {
      expect(receiver.texts(channel).filter(isRound).join("")).toBe("0123456789");
    }
    for (const master of cluster.masters) {
      const names = (await master.command("PUBSUB", "SHARDCHANNELS", "*:channel:*")) as readonly string[];
      expect(names.length).toBeGreaterThan(20);
    }
  });

  it("keeps the order of what a node publishes over all control topics", async () => {
    const [sender, receiver] = await Promise.all([open(), open()]);
    const topics = ["changes", "heartbeats", "inbox-7"];
    for (const topic of topics) receiver.subscribe(topic);
    await receiver.settle();
    const sent = Array.from({ length: 3000 }, (_, index) => [topics[index % 3]!, String(index)] as const);
    for (const [topic, text] of sent) sender.publish(topic, text);
    await until(() => receiver.log.length === sent.length);
    expect(receiver.log).toEqual(sent.map((each) => each.join(" ")));
  });

  it("gives the lease to one owner", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    expect(await one.transport.holdLease("leader", "node-1", 60_000)).toBe(true);
    expect(await other.transport.holdLease("leader", "node-2", 60_000)).toBe(false);
    await one.transport.releaseLease("leader", "node-1");
    expect(await other.transport.holdLease("leader", "node-2", 60_000)).toBe(true);
  });

  it("follows the slot of the control topics to another master", async () => {
    const node = await open();
    node.subscribe("changes");
    await node.settle();
    const slot = slotOfKey("{antiphon}");
    const owners = await Promise.all(cluster.masters.map((master) => master.command("CLUSTER", "MYID")));
    const from = Math.min(Math.floor(slot / 5461), 2);
    const to = (from + 1) % 3;
    await moveSlot(cluster, slot, { from, to, owners: owners.map(String) });
    onTestFinished(() => moveSlot(cluster, slot, { from: to, to: from, owners: owners.map(String) }));
    await node.connected(2);
    expect(node.states[1]).toMatch(/handed a slot to another node|other servers are masters now/);
    node.publish("changes", "found");
    await node.received("changes", 1);
    expect(await node.transport.holdLease("mover", "node-1", 60_000)).toBe(true);
  });

  it("says that it is gone when one master is killed, and is back with that one", async () => {
    const node = await open();
    for (const channel of channels) node.subscribe(channel);
    await allInForce(node, node);
    await cluster.masters[2]!.kill();
    await node.disconnected();
    await cluster.masters[2]!.restart();
    await node.connected(2);
    for (const channel of channels) node.publish(channel, "back");
    await until(() => channels.every((channel) => node.texts(channel).includes("back")));
    expect(node.states).toHaveLength(3);
  });
});

describe.skipIf(!search.found)("over a Redis Cluster with replicas, a transport", () => {
  let cluster: RedisClusterServers;

  beforeAll(async () => {
    cluster = await startRedisCluster(search, { replicas: true });
  }, 60_000);

  afterAll(() => cluster.stop());

  it("goes to the replica of a master that was killed, with all subscriptions", async () => {
    const node = await openTransport({ cluster: cluster.addresses });
    node.subscribe("changes");
    for (const channel of channels) node.subscribe(channel);
    await allInForce(node, node);
    const slot = slotOfKey("{antiphon}");
    await cluster.masters[Math.min(Math.floor(slot / 5461), 2)]!.kill();
    await node.connected(2);
    node.publish("changes", "back");
    for (const channel of channels) node.publish(channel, "back");
    await until(() => [...channels, "changes"].every((topic) => node.texts(topic).includes("back")));
    expect(await node.transport.holdLease("leader", "node-1", 60_000)).toBe(true);
  });
});

function isRound(text: string): boolean {
  return /^\d$/.test(text);
}

/** Each channel has a connection of its own for all that is known: waits until something has come on every one. */
async function allInForce(receiver: TestTransport, sender: TestTransport): Promise<void> {
  await until(() => {
    const missing = channels.filter((channel) => receiver.payloads(channel).length === 0);
    for (const channel of missing) sender.publish(channel, "probe");
    return missing.length === 0;
  });
}

/** As `redis-cli --cluster reshard` does for a slot: keys first, then what the nodes say. */
async function moveSlot(
  cluster: RedisClusterServers,
  slot: number,
  { from, to, owners }: { readonly from: number; readonly to: number; readonly owners: readonly string[] },
): Promise<void> {
  const [source, target] = [cluster.masters[from]!, cluster.masters[to]!];
  const setSlot = (...rest: string[]): string[] => ["CLUSTER", "SETSLOT", String(slot), ...rest];
  await target.command(...setSlot("IMPORTING", owners[from]!));
  await source.command(...setSlot("MIGRATING", owners[to]!));
  const keys = (await source.command("CLUSTER", "GETKEYSINSLOT", String(slot), "100")) as readonly string[];
  if (keys.length > 0) {
    await source.command("MIGRATE", "127.0.0.1", String(target.port), "", "0", "5000", "KEYS", ...keys);
  }
  for (const node of [target, source]) await node.command(...setSlot("NODE", owners[to]!));
}
