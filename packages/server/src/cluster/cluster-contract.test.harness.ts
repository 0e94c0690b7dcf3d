/**
 * What every cluster adapter has to keep, as one suite that each of them runs: Pusher clients on several nodes of one app,
 * with a clock that moves when a test says so. An adapter of one node runs it too; then all clients are on that node, and
 * what needs a second one is skipped.
 */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import type { AppOverrides } from "../pusher/app.test.harness.ts";
import type { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { member, type TestClient, type TestNode } from "../pusher/session.test.harness.ts";

/** Nodes of one app, joined by the adapter under test. */
export interface TestCluster {
  /** Those that were there from the start. */
  readonly nodes: readonly [TestNode, ...TestNode[]];
  readonly clock: ManualClock;
  /** What was raised since the last call, on whichever node. */
  takeOccurrences(): ChannelOccurrence[];
  /** Resolves once everything that any node has told has arrived everywhere. */
  settle(): Promise<void>;
  /**
   * Resolves once whoever was told to be subscribed gets what is published from then on, where that takes the answer of a
   * server.
   */
  subscribed(): Promise<void>;
  /** Ends a node without a word. */
  kill(node: TestNode): void;
  /** Cuts a node off; it comes back by itself. Resolves when it is back. */
  interrupt(node: TestNode): Promise<void>;
  /** One more node. */
  add(): Promise<TestNode>;
  stop(): Promise<void>;
}

export interface ContractSubject {
  readonly name: string;
  /** Nodes that a cluster of this adapter has. */
  readonly nodeCount: 1 | 3;
  /** Publications and changes of members may go over different servers, and then keep their order each for themselves. */
  readonly spreadsChannels?: boolean;
  readonly create: (overrides: AppOverrides) => Promise<TestCluster>;
}

const event = (name: string, channel: string, data = ""): string =>
  `{"event":"${name}","channel":"${channel}","data":${JSON.stringify(data)}}`;

/** Counts how often each occurrence was raised, by its JSON. */
function tally(occurrences: readonly ChannelOccurrence[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const occurrence of occurrences) {
    const json = JSON.stringify(occurrence);
    counts.set(json, (counts.get(json) ?? 0) + 1);
  }
  return counts;
}

/** Runs the suite. */
export function describeClusterContract({
  name,
  nodeCount,
  spreadsChannels = false,
  create,
}: ContractSubject): void {
  let cluster: TestCluster;
  afterEach(() => cluster.stop());

  async function start(overrides: AppOverrides = {}): Promise<[TestNode, TestNode, TestNode]> {
    cluster = await create(overrides);
    const [first, second = first, third = first] = cluster.nodes;
    return [first, second, third];
  }

  const several = it.skipIf(nodeCount === 1);

  describe(`${name}: publishing`, () => {
    it("reaches the subscribers on every node once, and nobody else", async () => {
      const nodes = await start();
      const clients = nodes.map((node) => node.connect().subscribe("a"));
      const outsider = nodes[1].connect().subscribe("b");
      await cluster.settle();
      for (const client of [...clients, outsider]) client.take();
      nodes[0].hub.publish({ name: "e", channel: "a", data: "ü" });
      await cluster.settle();
      for (const client of clients) expect(client.take()).toEqual([event("e", "a", "ü")]);
      expect(outsider.take()).toEqual([]);
    });

    it("leaves out the connection with the excluded socket id, wherever it lives", async () => {
      const [first, second] = await start();
      const excluded = second.connect().subscribe("a");
      const other = second.connect().subscribe("a");
      await cluster.settle();
      excluded.take();
      other.take();
      first.hub.publish({ name: "e", channel: "a", data: "", exceptSocketId: excluded.session.socketId });
      await cluster.settle();
      expect(excluded.take()).toEqual([]);
      expect(other.take()).toEqual([event("e", "a")]);
    });

    it("keeps the order of a publisher, with what its clients do in between", async () => {
      const [first, second] = await start({ events: { clientEvents: "members" } });
      const watcher = second.connect().subscribe("presence-a", member("w"));
      await cluster.settle();
      watcher.take();
      const data = Array.from({ length: 50 }, (_, index) => String(index));
      for (const each of data) first.hub.publish({ name: "e", channel: "presence-a", data: each });
      const sender = first.connect().subscribe("presence-a", member("s"));
      sender.send({ event: "client-x", channel: "presence-a", data: {} });
      sender.session.closed();
      first.hub.publish({ name: "last", channel: "presence-a", data: "" });
      await cluster.settle();
      const texts = watcher.take();
      const isOfMembers = (text: string): boolean => text.includes('"pusher_internal:member_');
      const ordered = spreadsChannels
        ? [...texts.filter((text) => !isOfMembers(text)), ...texts.filter(isOfMembers)]
        : texts;
      expect(ordered.slice(0, 50)).toEqual(data.map((each) => event("e", "presence-a", each)));
      const changes = ["pusher_internal:member_added", "pusher_internal:member_removed"] as const;
      expect(ordered.slice(50).map((text) => (JSON.parse(text) as { event: string }).event)).toEqual(
        spreadsChannels ? ["client-x", "last", ...changes] : [changes[0], "client-x", changes[1], "last"],
      );
    });

    it("reaches whoever was told to be subscribed before it, even if the publisher has not heard of it", async () => {
      const [first, second, third] = await start();
      const clients: TestClient[] = [];
      for (let index = 0; index < 60; index++) {
        const channel = `fresh-${index}`;
        const client = (index % 2 === 0 ? second : third).connect().subscribe(channel);
        expect(client.takeEvents()).toEqual(["pusher_internal:subscription_succeeded"]);
        await cluster.subscribed();
        first.hub.publish({ name: "e", channel, data: "" });
        clients.push(client);
      }
      await cluster.settle();
      for (const [index, client] of clients.entries()) {
        expect(client.take()).toEqual([event("e", `fresh-${index}`)]);
      }
    });

    it("to a user reaches every connection that is signed in as the user", async () => {
      const nodes = await start();
      const clients = nodes.map((node) => node.connect().signIn('{"id":"7"}'));
      await cluster.settle();
      for (const client of clients) client.take();
      nodes[0].hub.publish({ name: "e", channel: "#server-to-user-7", data: "" });
      await cluster.settle();
      for (const client of clients) expect(client.take()).toEqual([event("e", "#server-to-user-7")]);
      expect(nodes[2].hub.channel("#server-to-user-7").subscriptionCount).toBe(3);
    });
  });

  describe(`${name}: occupancy`, () => {
    it("is raised once when the first comes and once when the last goes", async () => {
      const nodes = await start();
      const clients = nodes.map((node) => node.connect().subscribe("a"));
      await cluster.settle();
      expect(cluster.takeOccurrences()).toEqual([{ name: "channel_occupied", channel: "a" }]);
      expect(nodes.map((node) => node.hub.channel("a").subscriptionCount)).toEqual([3, 3, 3]);
      expect([...nodes[2].hub.channels().keys()]).toEqual(["a"]);
      clients[0]?.unsubscribe("a");
      clients[1]?.session.closed();
      await cluster.settle();
      expect(cluster.takeOccurrences()).toEqual([]);
      clients[2]?.session.closed();
      await cluster.settle();
      expect(cluster.takeOccurrences()).toEqual([{ name: "channel_vacated", channel: "a" }]);
      for (const node of nodes) expect(node.hub.channels().size).toBe(0);
    });

    it("is raised for one who comes and goes within a turn", async () => {
      const [first] = await start();
      first.connect().subscribe("a").unsubscribe("a").subscribe("a");
      await cluster.settle();
      expect(cluster.takeOccurrences().map((occurrence) => occurrence.name)).toEqual([
        "channel_occupied",
        "channel_vacated",
        "channel_occupied",
      ]);
    });

    it("alternates between occupied and vacated, whatever races, and ends where the nodes end", async () => {
      const nodes = await start();
      const random = seededRandom(20_261_120);
      const channels = ["a", "b", "presence-c", "presence-d"];
      const clients: TestClient[] = nodes.flatMap((node) => [node.connect(), node.connect()]);
      for (let step = 0; step < 600; step++) {
        const client = clients[random(clients.length)]!;
        const channel = channels[random(channels.length)]!;
        if (client.session.subscriptions.has(channel)) client.unsubscribe(channel);
        else client.subscribe(channel, channel.startsWith("presence-") ? member(random(3)) : undefined);
        if (random(4) === 0) await new Promise(setImmediate);
      }
      await cluster.settle();
      const edges = new Map<string, string>();
      for (const occurrence of cluster.takeOccurrences()) {
        const key =
          "userId" in occurrence ? `${occurrence.channel} ${occurrence.userId}` : occurrence.channel;
        const isStart = occurrence.name === "channel_occupied" || occurrence.name === "member_added";
        expect(edges.get(key) ?? "end", `${key} begins and ends by turns`).toBe(isStart ? "end" : "start");
        edges.set(key, isStart ? "start" : "end");
      }
      for (const channel of channels) {
        const subscribers = clients.filter((client) => client.session.subscriptions.has(channel));
        const users = new Set(
          subscribers.map((client) => client.session.subscriptions.get(channel)?.member?.userId),
        );
        expect(edges.get(channel) ?? "end").toBe(subscribers.length > 0 ? "start" : "end");
        for (const { hub } of nodes) {
          expect(hub.channel(channel).subscriptionCount).toBe(subscribers.length);
          if (!channel.startsWith("presence-")) continue;
          expect(new Set(hub.members(channel).map(({ userId }) => userId))).toEqual(users);
          for (const userId of [0, 1, 2]) {
            expect(edges.get(`${channel} ${userId}`) ?? "end").toBe(users.has(userId) ? "start" : "end");
          }
        }
      }
    });

    it("is counted for clients, over all nodes, and for the backend once", async () => {
      const [first, second] = await start({ channels: { subscriptionCount: true } });
      const client = first.connect().subscribe("a");
      await cluster.settle();
      client.take();
      second.connect().subscribe("a");
      await cluster.settle();
      expect(client.take()).toEqual([
        event("pusher_internal:subscription_count", "a", '{"subscription_count":2}'),
      ]);
      const counts = cluster.takeOccurrences().filter(({ name }) => name === "subscription_count");
      expect(counts.map((each) => "subscriptionCount" in each && each.subscriptionCount)).toEqual([1, 2]);
    });
  });

  describe(`${name}: presence`, () => {
    it("shows newcomers everybody, and tells everybody of newcomers once", async () => {
      const [first, second, third] = await start();
      const one = first.connect().subscribe("presence-a", member("1", { n: "A" }));
      await cluster.settle();
      one.take();
      const two = second.connect().subscribe("presence-a", member("2"));
      expect(two.take()[0]).toBe(
        event(
          "pusher_internal:subscription_succeeded",
          "presence-a",
          '{"presence":{"ids":["1","2"],"hash":{"1":{"n":"A"},"2":null},"count":2}}',
        ),
      );
      await cluster.settle();
      expect(one.take()).toEqual([event("pusher_internal:member_added", "presence-a", '{"user_id":"2"}')]);
      // The same user again, elsewhere: nobody hears of it, and it counts once.
      const again = third.connect().subscribe("presence-a", member("2", { n: "other" }));
      await cluster.settle();
      expect(again.take()).toHaveLength(1);
      expect([one.take(), two.take()]).toEqual([[], []]);
      expect(first.hub.channel("presence-a")).toEqual({ occupied: true, subscriptionCount: 3, userCount: 2 });
      two.session.closed();
      await cluster.settle();
      expect(one.take()).toEqual([]);
      // The oldest has gone; all nodes show the same one of those that are left.
      expect([...first.hub.members("presence-a")]).toContainEqual({ userId: "2", userInfo: { n: "other" } });
      again.unsubscribe("presence-a");
      await cluster.settle();
      expect(one.take()).toEqual([event("pusher_internal:member_removed", "presence-a", '{"user_id":"2"}')]);
      expect(tally(cluster.takeOccurrences())).toEqual(
        new Map([
          ['{"name":"channel_occupied","channel":"presence-a"}', 1],
          ['{"name":"member_added","channel":"presence-a","userId":"1"}', 1],
          ['{"name":"member_added","channel":"presence-a","userId":"2"}', 1],
          ['{"name":"member_removed","channel":"presence-a","userId":"2"}', 1],
        ]),
      );
    });

    it("shows the info of the oldest connection on every node, and keeps a number a number", async () => {
      const nodes = await start();
      for (const [index, node] of nodes.entries()) {
        node.connect().subscribe("presence-a", member(index === 0 ? 7 : "7", { from: index }));
        cluster.clock.advance(1);
      }
      await cluster.settle();
      for (const { hub } of nodes) {
        expect(hub.members("presence-a")).toEqual([{ userId: 7, userInfo: { from: 0 } }]);
      }
    });

    it("counts distinct users against the limit, and lets a member in once more when it is full", async () => {
      const [first, second, third] = await start({ channels: { maxPresenceMembers: 2 } });
      first.connect().subscribe("presence-a", member("1"));
      second.connect().subscribe("presence-a", member("2"));
      await cluster.settle();
      const refused = third.connect().subscribe("presence-a", member("3"));
      const again = third.connect().subscribe("presence-a", member("1"));
      expect(refused.takeEvents()).toEqual(["pusher:subscription_error"]);
      expect(again.takeEvents()).toEqual(["pusher_internal:subscription_succeeded"]);
    });

    it("counts distinct users over all nodes, and connections one by one", async () => {
      const nodes = await start();
      for (const node of nodes) node.connect().subscribe("presence-a", member("1"));
      nodes[1].connect().subscribe("presence-a", member("2"));
      nodes[2].connect().subscribe("presence-b", member(1));
      await cluster.settle();
      for (const { hub } of nodes) {
        expect(hub.channels("presence-")).toEqual(
          new Map([
            ["presence-a", { occupied: true, subscriptionCount: 4, userCount: 2 }],
            ["presence-b", { occupied: true, subscriptionCount: 1, userCount: 1 }],
          ]),
        );
        expect(hub.connectionCount()).toBe(5);
      }
    });

    it("delays a leave, which a return on another node cancels", async () => {
      const [first, second, third] = await start({ channels: { presenceLeaveDelayMs: 1000 } });
      const watcher = first.connect().subscribe("presence-a", member("w"));
      const client = second.connect().subscribe("presence-a", member("1"));
      await cluster.settle();
      watcher.take();
      cluster.takeOccurrences();
      client.session.closed();
      await cluster.settle();
      cluster.clock.advance(999);
      third.connect().subscribe("presence-a", member("1"));
      await cluster.settle();
      cluster.clock.advance(1000);
      expect(watcher.take()).toEqual([]);
      expect(cluster.takeOccurrences()).toEqual([]);
    });
  });

  describe(`${name}: users`, () => {
    it("are online while they are signed in on any node", async () => {
      const [first, second, third] = await start({ channels: { watchlist: true } });
      const watcher = first.connect().signIn('{"id":"w","watchlist":["7"]}');
      await cluster.settle();
      watcher.take();
      const one = second.connect().signIn('{"id":"7"}');
      const two = third.connect().signIn('{"id":"7"}');
      await cluster.settle();
      const online = '{"events":[{"name":"online","user_ids":["7"]}]}';
      expect(watcher.take()).toEqual([
        `{"event":"pusher_internal:watchlist_events","data":${JSON.stringify(online)}}`,
      ]);
      const late = third.connect().signIn('{"id":"x","watchlist":["7"]}');
      expect(late.take().at(-1)).toContain("online");
      one.session.closed();
      await cluster.settle();
      cluster.clock.advance(3000);
      expect(watcher.take()).toEqual([]);
      two.session.closed();
      await cluster.settle();
      cluster.clock.advance(3000);
      expect(watcher.take()).toHaveLength(1);
      expect(first.hub.channel("#server-to-user-7").occupied).toBe(false);
    });

    it("are terminated on every node", async () => {
      const nodes = await start();
      const clients = nodes.map((node) => node.connect().signIn('{"id":"7"}'));
      const other = nodes[1].connect().signIn('{"id":"8"}');
      nodes[0].hub.terminateUser("7");
      await cluster.settle();
      // What the others tell in turn.
      await cluster.settle();
      for (const client of clients) expect(client.closedWith?.[0]).toBe(4009);
      expect(other.closedWith).toBeUndefined();
      expect(nodes[0].hub.connectionCount()).toBe(1);
    });
  });

  describe(`${name}: cache channels`, () => {
    it("keep the last event for later subscribers of every node, until its time is over", async () => {
      const [first, second] = await start({ channels: { cacheTtlSeconds: 60 } });
      first.hub.publish({ name: "old", channel: "cache-a", data: "" });
      first.hub.publish({ name: "e", channel: "cache-a", data: "1" });
      await cluster.settle();
      cluster.clock.advance(20_000);
      expect(second.hub.cachedEvent("cache-a")).toEqual({ data: "1", ttlSeconds: 40 });
      expect(second.connect().subscribe("cache-a").take()[1]).toBe(event("e", "cache-a", "1"));
      cluster.clock.advance(40_000);
      expect(second.hub.cachedEvent("cache-a")).toBeUndefined();
    });

    it("give the event to whoever subscribes around its publishing, on whichever node", async () => {
      const [first, second] = await start();
      const channels = Array.from({ length: 30 }, (_, index) => `cache-${index}`);
      for (const channel of channels) first.hub.publish({ name: "e", channel, data: "1" });
      const clients: TestClient[] = [];
      for (const channel of channels) {
        clients.push(second.connect().subscribe(channel));
        await new Promise(setImmediate);
      }
      await cluster.settle();
      for (const [index, channel] of channels.entries()) {
        expect(clients[index]?.take()).toContain(event("e", channel, "1"));
      }
    });

    it("reach whoever is subscribed, once, in order", async () => {
      const nodes = await start();
      const clients = nodes.map((node) => node.connect().subscribe("cache-a"));
      await cluster.settle();
      for (const client of clients) client.take();
      for (const data of ["1", "2"]) nodes[0].hub.publish({ name: "e", channel: "cache-a", data });
      await cluster.settle();
      for (const client of clients) {
        expect(client.take()).toEqual([event("e", "cache-a", "1"), event("e", "cache-a", "2")]);
      }
    });

    it("agree on the last event when nodes publish at the same time", async () => {
      const nodes = await start();
      for (const [index, { hub }] of nodes.entries()) {
        hub.publish({ name: "e", channel: "cache-a", data: String(index) });
      }
      await cluster.settle();
      const kept = nodes.map(({ hub }) => hub.cachedEvent("cache-a")?.data);
      expect(new Set(kept).size).toBe(1);
    });

    it("raise a miss once for all nodes, and again after a publish and its end", async () => {
      const nodes = await start({ channels: { cacheTtlSeconds: 1 } });
      for (const node of nodes) node.connect().subscribe("cache-a");
      await cluster.settle();
      const isMiss = ({ name }: ChannelOccurrence): boolean => name === "cache_miss";
      expect(cluster.takeOccurrences().filter(isMiss)).toHaveLength(1);
      nodes[0].hub.publish({ name: "e", channel: "cache-a", data: "" });
      await cluster.settle();
      cluster.clock.advance(1000);
      nodes[1].connect().subscribe("cache-a");
      await cluster.settle();
      expect(cluster.takeOccurrences().filter(isMiss)).toHaveLength(1);
    });
  });

  describe(`${name}: the rest`, () => {
    it("client events reach the others, and the backend once", async () => {
      const [first, second] = await start({ events: { clientEvents: "members" } });
      const sender = first.connect().subscribe("private-a");
      const receiver = second.connect().subscribe("private-a");
      await cluster.settle();
      sender.take();
      receiver.take();
      cluster.takeOccurrences();
      sender.send({ event: "client-x", channel: "private-a", data: { to: 1 } });
      await cluster.settle();
      expect(sender.take()).toEqual([]);
      expect(receiver.take()).toEqual([event("client-x", "private-a", '{"to":1}')]);
      expect(cluster.takeOccurrences()).toEqual([
        {
          name: "client_event",
          channel: "private-a",
          event: "client-x",
          data: { to: 1 },
          socketId: sender.session.socketId,
        },
      ]);
    });

    it("connections of all nodes count against the app's limit", async () => {
      const [first, second, third] = await start({ connection: { requireUserAuthentication: true } });
      first.connect();
      second.connect().signIn('{"id":"7"}');
      await cluster.settle();
      expect([third.hub.authorisedCount(), third.hub.unauthorisedCount()]).toEqual([1, 1]);
      expect(third.hub.connectionCount()).toBe(2);
    });

    it("the app's limit refuses whoever is one too many on any node, until somebody leaves another", async () => {
      const [first, second, third] = await start({
        connection: { requireUserAuthentication: true, maxConnections: 2 },
      });
      const one = first.connect().signIn('{"id":"1"}');
      second.connect().signIn('{"id":"2"}');
      await cluster.settle();
      expect(third.connect().signIn('{"id":"3"}').closedWith?.[0]).toBe(4004);
      one.session.closed();
      await cluster.settle();
      expect(third.connect().signIn('{"id":"3"}').closedWith).toBeUndefined();
    });

    several("a node that comes later knows what the others have, and is known", async () => {
      const [first] = await start();
      first.connect().subscribe("presence-a", member("1")).signIn('{"id":"7"}');
      first.hub.publish({ name: "e", channel: "cache-a", data: "1" });
      await cluster.settle();
      const late = await cluster.add();
      expect(late.hub.members("presence-a")).toEqual([{ userId: "1", userInfo: undefined }]);
      expect(late.hub.channel("#server-to-user-7").occupied).toBe(true);
      expect(late.hub.cachedEvent("cache-a")?.data).toBe("1");
      const client = late.connect().subscribe("a");
      await cluster.settle();
      client.take();
      first.hub.publish({ name: "e", channel: "a", data: "" });
      await cluster.settle();
      expect(client.take()).toEqual([event("e", "a")]);
    });
  });

  describe(`${name}: a node that dies`, () => {
    several("takes with it all that it held, and nothing else", async () => {
      const [first, second] = await start({ channels: { watchlist: true } });
      const watcher = first.connect().subscribe("presence-a", member("w"));
      watcher.signIn('{"id":"w","watchlist":["7"]}');
      const dying = second.connect().subscribe("presence-a", member("1")).subscribe("only-here");
      dying.subscribe("presence-b", member("1")).signIn('{"id":"7"}');
      second.connect().subscribe("presence-a", member("w"));
      await cluster.settle();
      watcher.take();
      cluster.takeOccurrences();
      cluster.kill(second);
      await vi.waitFor(() => expect(first.hub.connectionCount()).toBe(1), { timeout: 10_000 });
      cluster.clock.advance(3000);
      expect(watcher.takeEvents()).toEqual([
        "pusher_internal:member_removed",
        "pusher_internal:watchlist_events",
      ]);
      expect([...first.hub.channels().keys()]).toEqual(["presence-a"]);
      expect(tally(cluster.takeOccurrences())).toEqual(
        new Map([
          ['{"name":"member_removed","channel":"presence-a","userId":"1"}', 1],
          ['{"name":"member_removed","channel":"presence-b","userId":"1"}', 1],
          ['{"name":"channel_vacated","channel":"presence-b"}', 1],
          ['{"name":"channel_vacated","channel":"only-here"}', 1],
        ]),
      );
    });

    several("is no longer counted, and what it had cached stays for those who come later", async () => {
      const [first, second, third] = await start();
      second.connect().subscribe("a").signIn('{"id":"7"}');
      second.connect().subscribe("a");
      first.connect().subscribe("a");
      second.hub.publish({ name: "e", channel: "cache-a", data: "1" });
      await cluster.settle();
      cluster.kill(second);
      await vi.waitFor(() => expect(first.hub.connectionCount()).toBe(1), { timeout: 10_000 });
      await cluster.settle();
      const late = await cluster.add();
      for (const { hub } of [first, third, late]) {
        expect(hub.connectionCount()).toBe(1);
        expect(hub.channel("a").subscriptionCount).toBe(1);
        expect(hub.channel("#server-to-user-7").occupied).toBe(false);
        expect(hub.cachedEvent("cache-a")?.data).toBe("1");
      }
    });

    several("is not missed by what is raised: another sees to it, once", async () => {
      const [first, second, third] = await start();
      const client = second.connect().subscribe("a");
      await cluster.settle();
      cluster.kill(first);
      await cluster.settle();
      cluster.takeOccurrences();
      third.connect().subscribe("b");
      client.session.closed();
      await cluster.settle();
      expect(tally(cluster.takeOccurrences())).toEqual(
        new Map([
          ['{"name":"channel_occupied","channel":"b"}', 1],
          ['{"name":"channel_vacated","channel":"a"}', 1],
        ]),
      );
    });

    several("with many members lets others work in between", async () => {
      const members = 1500;
      const [first, second] = await start({ channels: { maxPresenceMembers: members + 1 } });
      const watcher = first.connect().subscribe("presence-a", member("w"));
      for (let id = 0; id < members; id++) second.connect().subscribe("presence-a", member(id));
      await cluster.settle();
      watcher.take();
      cluster.kill(second);
      const countUsers = (): number => first.hub.channel("presence-a").userCount ?? 0;
      const seen = new Set<number>();
      while (countUsers() > 1) {
        await new Promise(setImmediate);
        seen.add(countUsers());
      }
      // All of them and none of them are two; what is between was seen by whoever works in between.
      expect(seen.size).toBeGreaterThan(2);
      expect(watcher.take()).toHaveLength(members);
    });

    several("and comes back has what it had, and hears what it missed", async () => {
      const [first, second] = await start();
      const kept = second.connect().subscribe("presence-a", member("1"));
      const away = second.connect().subscribe("gone");
      const other = first.connect().subscribe("presence-a", member("2"));
      const leaver = first.connect().subscribe("presence-a", member("3")).subscribe("left");
      await cluster.settle();
      kept.take();
      const back = cluster.interrupt(second);
      away.session.closed();
      leaver.session.closed();
      first.connect().subscribe("presence-a", member("4"));
      await back;
      await cluster.settle();
      for (const { hub } of [first, second]) {
        expect(
          hub
            .members("presence-a")
            .map(({ userId }) => String(userId))
            .toSorted(),
        ).toEqual(["1", "2", "4"]);
        expect([...hub.channels().keys()]).toEqual(["presence-a"]);
        expect(hub.connectionCount()).toBe(3);
      }
      const told = kept.take();
      expect(told.filter((text) => text.includes("member_removed"))).toHaveLength(1);
      expect(told.filter((text) => text.includes("member_added"))).toHaveLength(1);
      other.take();
      second.hub.publish({ name: "e", channel: "presence-a", data: "" });
      await cluster.settle();
      expect(other.take()).toEqual([event("e", "presence-a")]);
    });
  });
}

/** Small whole numbers below a limit, the same ones in every run. */
function seededRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
