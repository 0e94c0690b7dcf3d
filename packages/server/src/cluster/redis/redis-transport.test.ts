/** The transport over one real server: what it delivers, in which order, and what it says when there is no connection. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import { createFaultLink } from "../../../../../test/support/fault-link.ts";
import {
  type RedisServer,
  type RedisServerOptions,
  startRedisServer,
} from "../../../../../test/support/redis-server.ts";
import { createCertificate, hasOpenssl } from "../../../../../test/support/tls-certificates.ts";
import { redisFailures } from "../../failures/redis-failures.ts";
import {
  createTransport,
  impatientWatch,
  openTransport,
  type TestTransport,
  until,
} from "./redis-transport.test.harness.ts";

const search = inject("redisServer");
const host = "127.0.0.1";

/** A server that one test may treat badly. */
async function startOwn(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await startRedisServer(search, options);
  onTestFinished(() => server.stop());
  return server;
}

/** How often the server has run a command. */
async function countCommands(server: RedisServer, command: string): Promise<number> {
  const stats = String(await server.command("INFO", "commandstats"));
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** Ids of the connections that transports have to the server. */
async function listConnections(server: RedisServer): Promise<readonly string[]> {
  const clients = String(await server.command("CLIENT", "LIST"));
  return [...clients.matchAll(/^id=(\d+) .* name=antiphon-cluster/gm)].map(([, id]) => id!);
}

describe.skipIf(!search.found)("over a server that is well, a transport", () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer(search);
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    await server.command("FLUSHALL");
    await server.command("CONFIG", "RESETSTAT");
  });

  function open(): Promise<TestTransport> {
    return openTransport({ host, port: server.port });
  }

  it("brings bytes as they are to every subscriber, the sender too, and to nobody else", async () => {
    const [sender, other, stranger] = await Promise.all([open(), open(), open()]);
    sender.subscribe("greetings");
    other.subscribe("greetings");
    stranger.subscribe("others");
    await Promise.all([sender.settle(), other.settle(), stranger.settle()]);
    const payload = Buffer.from([0, 1, 2, 0xff, 0xfe, 13, 10, 36]);
    sender.publish("greetings", payload);
    await sender.received("greetings", 1);
    await other.received("greetings", 1);
    await stranger.settle();
    expect(other.payloads("greetings")).toEqual([payload]);
    expect(sender.payloads("greetings")).toEqual([payload]);
    expect(stranger.log).toEqual([]);
  });

  it("keeps channels of several apps apart, whatever their names", async () => {
    const node = await open();
    const first = { kind: "channel", appId: "a:b", channel: "c" } as const;
    const second = { kind: "channel", appId: "a", channel: "b:c" } as const;
    node.subscribe(first);
    node.subscribe(second);
    await node.settle();
    node.publish(first, "1");
    node.publish(second, "2");
    await node.received(second, 1);
    expect(node.log).toEqual(["a:b c 1", "a b:c 2"]);
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

  it("delivers what arrives one byte at a time", async () => {
    const link = await createFaultLink(server.port);
    const node = await openTransport({ host, port: link.port });
    node.subscribe("news");
    await node.settle();
    link.set("toClient", { kind: "split" });
    node.publish("news", "in\r\npieces");
    node.publish("news", "$5\r\nagain");
    await node.received("news", 2);
    expect(node.texts("news")).toEqual(["in\r\npieces", "$5\r\nagain"]);
  });

  it("subscribes to thousands of topics with a few commands, and gives them up with a few", async () => {
    const node = await open();
    const channels = Array.from(
      { length: 5000 },
      (_, index) => ({ kind: "channel", appId: "1", channel: `c${index}` }) as const,
    );
    for (const channel of channels) node.subscribe(channel);
    await node.settle();
    node.publish(channels[4999]!, "last");
    await node.received(channels[4999]!, 1);
    // Five of a thousand names each, and that of the barrier.
    expect(await countCommands(server, "subscribe")).toBeLessThanOrEqual(7);
    for (const channel of channels) node.unsubscribe(channel);
    await node.settle();
    expect(await countCommands(server, "unsubscribe")).toBeLessThanOrEqual(8);
    await until(() => node.isConnected);
    expect(await server.command("PUBSUB", "NUMSUB", "{antiphon}:channel:1:c17")).toEqual([
      "{antiphon}:channel:1:c17",
      0,
    ]);
  });

  it("tells the server nothing of a topic that was asked for and given up within one turn", async () => {
    const node = await open();
    const before = await countCommands(server, "subscribe");
    node.subscribe("short-lived");
    node.unsubscribe("short-lived");
    await node.settle();
    node.publish("short-lived", "unheard");
    await node.settle();
    expect(node.texts("short-lived")).toEqual([]);
    // Only those of the two barriers.
    expect(await countCommands(server, "subscribe")).toBe(before + 2);
  });

  it("ends up subscribed when a topic is given up and asked for again before the server has answered", async () => {
    const node = await open();
    node.subscribe("flicker");
    await node.settle();
    for (let round = 0; round < 5; round++) {
      node.unsubscribe("flicker");
      await nextTurn();
      node.subscribe("flicker");
      await nextTurn();
    }
    await node.settle();
    node.publish("flicker", "still here");
    await node.received("flicker", 1);
    expect(node.texts("flicker")).toEqual(["still here"]);
  });

  it("gives the lease to one owner until it is released", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    expect(await one.transport.holdLease("leader", "node-1", 60_000)).toBe(true);
    expect(await other.transport.holdLease("leader", "node-2", 60_000)).toBe(false);
    expect(await one.transport.holdLease("leader", "node-1", 60_000)).toBe(true);
    await other.transport.releaseLease("leader", "node-2");
    expect(await other.transport.holdLease("leader", "node-2", 60_000)).toBe(false);
    await one.transport.releaseLease("leader", "node-1");
    expect(await other.transport.holdLease("leader", "node-2", 60_000)).toBe(true);
  });

  it("renews the lease for the whole time, and loses it when that has passed", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    await one.transport.holdLease("leader", "node-1", 50);
    await one.transport.holdLease("leader", "node-1", 60_000);
    const left = Number(await server.command("PTTL", "{antiphon}:lease:leader"));
    expect(left).toBeGreaterThan(50_000);
    await one.transport.holdLease("leader", "node-1", 20);
    let isTaken = false;
    await until(() => {
      void other.transport.holdLease("leader", "node-2", 60_000).then((held) => (isTaken ||= held));
      return isTaken;
    });
    expect(await one.transport.holdLease("leader", "node-1", 60_000)).toBe(false);
  });

  it("says once why nobody gets a lease of a server that takes no writes, and again when that comes back", async () => {
    const server = await startOwn();
    const node = await openTransport({ host, port: server.port });
    const hold = () => node.transport.holdLease("leader", "node-1", 60_000);
    for (const times of [1, 2]) {
      await server.command("CONFIG", "SET", "maxmemory", "1");
      expect([await hold(), await hold()]).toEqual([false, false]);
      expect(node.failures.map(({ name }) => name)).toEqual(Array(times).fill("cluster-redis-lease-refused"));
      await server.command("CONFIG", "SET", "maxmemory", "0");
      expect(await hold()).toBe(true);
    }
    expect(node.failures[0]?.message).toContain(`${server.address} is out of memory (OOM)`);
    expect(node.isConnected).toBe(true);
  });

  it("holds a lease after the server has forgotten its scripts", async () => {
    const node = await open();
    await node.transport.holdLease("leader", "node-1", 60_000);
    await server.command("SCRIPT", "FLUSH");
    expect(await node.transport.holdLease("leader", "node-1", 60_000)).toBe(true);
  });

  it("sends what was published before it stops, and leaves no connection behind", async () => {
    const [leaving, staying] = await Promise.all([open(), open()]);
    staying.subscribe("farewell");
    await staying.settle();
    for (let index = 0; index < 1000; index++) leaving.publish("farewell", String(index));
    await leaving.transport.stop();
    await staying.received("farewell", 1000);
    expect(staying.texts("farewell")[999]).toBe("999");
    await staying.transport.stop();
    await expect.poll(() => listConnections(server)).toEqual([]);
  });

  it("destroys its connections and makes others when it is told to reconnect", async () => {
    const node = await open();
    node.subscribe("news");
    await node.settle();
    const before = await listConnections(server);
    node.transport.reconnect();
    await node.connected(2);
    expect(node.states).toEqual(["connected", "the connection to Redis was given up", "connected"]);
    const after = await listConnections(server);
    expect(after).toHaveLength(2);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    node.publish("news", "back");
    await node.received("news", 1);
  });
});

describe.skipIf(!search.found)("when the server is away, a transport", () => {
  it("has started all the same, says why, and connects with all subscriptions when the server is there", async () => {
    const server = await startOwn();
    await server.kill();
    const node = createTransport({ host, port: server.port });
    node.subscribe("news");
    await node.start();
    expect(node.states).toEqual([`${server.address} could not be reached (ECONNREFUSED)`]);
    node.publish("news", "lost");
    expect(await node.transport.holdLease("leader", "node-1", 1000)).toBe(false);
    await server.restart();
    await node.connected();
    node.publish("news", "found");
    await node.received("news", 1);
    expect(node.texts("news")).toEqual(["found"]);
    expect(node.states).toHaveLength(2);
  });

  it("says once that it was killed, and subscribes again at an empty one on the same port", async () => {
    const server = await startOwn();
    const node = await openTransport({ host, port: server.port });
    node.subscribe("news");
    await node.settle();
    expect(await node.transport.holdLease("leader", "node-1", 60_000)).toBe(true);
    await server.kill();
    await node.disconnected();
    node.subscribe("more");
    node.unsubscribe("news");
    node.subscribe("news");
    node.publish("news", "lost");
    await server.restart();
    await node.connected(2);
    node.publish("news", "1");
    node.publish("more", "2");
    await node.received("more", 1);
    expect(node.log).toEqual(["news 1", "more 2"]);
    expect(node.states).toEqual(["connected", expect.stringContaining(server.address), "connected"]);
    expect(await node.transport.holdLease("leader", "node-2", 60_000)).toBe(true);
  });

  it("says that it is silent when it stands still, and is back when it goes on", async () => {
    const server = await startOwn();
    const node = await openTransport({ host, port: server.port, connectTimeoutMs: 300 }, impatientWatch);
    node.subscribe("news");
    await node.settle();
    server.pause();
    const lease = node.transport.holdLease("leader", "node-1", 60_000);
    expect(await node.disconnected()).toBe(`${server.address} did not answer within 1000 ms`);
    expect(await lease).toBe(false);
    expect(await node.transport.holdLease("leader", "node-1", 60_000)).toBe(false);
    server.resume();
    await node.connected(2);
    node.publish("news", "back");
    await node.received("news", 1);
    expect(node.states).toHaveLength(3);
  });

  it("does not wait for ever for one that takes connections and never answers", async () => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => {
      sockets.add(socket);
      // Reads, so that it sees the end.
      socket.on("error", () => {}).resume();
    }).listen(0, host);
    onTestFinished(() => {
      mute.close();
      for (const socket of sockets) socket.destroy();
    });
    await once(mute, "listening");
    const { port } = mute.address() as AddressInfo;
    const node = await openTransport({ host, port, connectTimeoutMs: 200 });
    expect(node.states).toEqual([`${host}:${port} did not answer within 200 ms`]);
    await until(() => sockets.size >= 4);
    await until(() => [...sockets].filter((socket) => !socket.destroyed).length <= 2);
  });

  it("gives the connection up when the server does not read what is published", async () => {
    const server = await startOwn();
    const node = await openTransport({ host, port: server.port, connectTimeoutMs: 300 });
    server.pause();
    const payload = Buffer.alloc(1024 * 1024);
    for (let count = 0; count < 65; count++) node.publish("flood", payload);
    expect(node.states[1]).toBe("Redis has not read 67108864 bytes that were published");
    server.resume();
    await node.connected(2);
  });
});

describe.skipIf(!search.found)("when connections are cut, a transport", () => {
  it.each(["normal", "pubsub"])(
    "makes them again, also if it is only the one for %s commands",
    async (type) => {
      const server = await startOwn();
      const node = await openTransport({ host, port: server.port });
      node.subscribe("news");
      await node.settle();
      await server.command("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
      await node.connected(2);
      node.publish("news", "back");
      await node.received("news", 1);
      expect(node.states).toEqual(["connected", `${server.address} closed the connection`, "connected"]);
      expect(await listConnections(server)).toHaveLength(2);
    },
  );
});

describe.skipIf(!search.found)("when the server does not let it, a transport", () => {
  it("names the wrong password without showing it, and is let in when it is right", async () => {
    const server = await startOwn({ password: "right" });
    const node = await openTransport({ host, port: server.port, password: "wrong-secret" });
    const message = `The Redis server ${server.address} does not let this node in: the user or the password is wrong.`;
    expect(node.states).toEqual([message]);
    expect(node.failures.map(({ name }) => name)).toEqual(["cluster-redis-credentials-refused"]);
    expect(JSON.stringify(node.failures)).not.toContain("secret");
    await server.command("ACL", "SETUSER", "default", ">wrong-secret");
    await node.connected();
    expect(node.failures).toHaveLength(1);
  });

  it("says that a password is asked for where none is configured", async () => {
    const server = await startOwn({ password: "right" });
    const node = await openTransport({ host, port: server.port });
    expect(node.states[0]).toContain("it asks for a password, and none is configured");
  });

  it("says that a user may not publish", async () => {
    const server = await startOwn();
    await server.command("ACL", "SETUSER", "weak", "on", ">word", "~*", "&*", "+@all", "-publish");
    const node = await openTransport({ host, port: server.port, username: "weak", password: "word" });
    node.publish("news", "no");
    expect(await node.disconnected()).toContain(`${server.address} refuses a command, key or channel`);
    expect(node.failures.map(({ name }) => name)).toEqual(["cluster-redis-permission-denied"]);
  });

  it("needs no more than the failure says a user must be permitted", async () => {
    const server = await startOwn();
    const rules = /ACL SETUSER name (.*)\.$/.exec(
      redisFailures.definitions["cluster-redis-permission-denied"].fix,
    )!;
    await server.command("ACL", "SETUSER", "node", "on", ">word", ...rules[1]!.split(" "));
    const node = await openTransport({ host, port: server.port, username: "node", password: "word" });
    node.subscribe("news");
    node.subscribe({ kind: "channel", appId: "1", channel: "c" });
    await node.settle();
    expect(await node.transport.holdLease("leader", "node-1", 60_000)).toBe(true);
    await node.transport.releaseLease("leader", "node-1");
    expect(node.states).toEqual(["connected"]);
    expect(await server.command("KEYS", "*")).toEqual([]);
  });

  it("says that a user may not subscribe to the channels of this prefix", async () => {
    const server = await startOwn();
    await server.command("ACL", "SETUSER", "weak", "on", ">word", "~*", "resetchannels", "+@all");
    const node = createTransport({ host, port: server.port, username: "weak", password: "word" });
    node.subscribe("news");
    await node.start();
    expect(node.states).toHaveLength(1);
    expect(node.failures.map(({ name }) => name)).toEqual(["cluster-redis-permission-denied"]);
  });

  it("leaves a server that has become a read-only replica, and does not hold the lease", async () => {
    const server = await startOwn();
    const node = await openTransport({ host, port: server.port });
    await server.command("REPLICAOF", host, "1");
    expect(await node.transport.holdLease("leader", "node-1", 1000)).toBe(false);
    expect(await node.disconnected()).toBe(`${server.address} is a read-only replica (READONLY)`);
    await server.command("REPLICAOF", "NO", "ONE");
    await node.connected(2);
    expect(await node.transport.holdLease("leader", "node-1", 1000)).toBe(true);
  });

  it.each([
    ["-ERR unknown command 'HELLO'\r\n", "does not know a command that nodes need"],
    ["HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak the protocol of Redis"],
    ["-ERR max number of clients reached\r\n", "has as many clients as it takes"],
  ])("says what is wrong with one that answers %j", async (answer, explanation) => {
    const other = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.write(answer));
    }).listen(0, host);
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const node = await openTransport({ host, port, connectTimeoutMs: 1000 });
    expect(node.states[0]).toContain(`${host}:${port} ${explanation}`);
  });
});

describe.skipIf(!search.found || !hasOpenssl)("over TLS, a transport", () => {
  it("trusts a certificate of the authority that it was given, with a password", async () => {
    const certificate = createCertificate("localhost");
    const server = await startOwn({ tls: certificate, password: "word" });
    const tls = { ca: certificate.cert, servername: "localhost" };
    const node = await openTransport({ url: `rediss://:word@${server.address}`, tls });
    node.subscribe("news");
    await node.settle();
    expect(node.states).toEqual(["connected"]);
  });

  it("names the certificate that it does not trust", async () => {
    const server = await startOwn({ tls: createCertificate("localhost") });
    const node = await openTransport({ url: `rediss://${server.address}` });
    expect(node.failures.map(({ name }) => name)).toEqual(["cluster-redis-tls-failed"]);
    expect(node.states[0]).toMatch(/^TLS with the Redis server .* failed: DEPTH_ZERO_SELF_SIGNED_CERT\.$/);
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
