import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import {
  type NatsServerOptions,
  type NatsServerProcess,
  startNatsCluster,
  startNatsServer,
} from "../../../../../test/support/nats-server.ts";
import { RecordedTransport, waitFor } from "./nats-transport.test.harness.ts";

const natsServer = inject("natsServer");
const ttlMs = 3000;

async function startServer(options?: NatsServerOptions): Promise<NatsServerProcess> {
  const server = await startNatsServer(natsServer, options);
  onTestFinished(() => server.stop());
  return server;
}

async function startPair(
  servers: readonly string[],
  replicas = 1,
): Promise<[RecordedTransport, RecordedTransport]> {
  const a = new RecordedTransport({ servers, replicas });
  const b = new RecordedTransport({ servers, replicas });
  await Promise.all([a.start(), b.start()]);
  return [a, b];
}

function hold(transport: RecordedTransport, owner: string): Promise<boolean> {
  return transport.transport.holdLease("leader", owner, ttlMs);
}

async function connectTo(server: NatsServerProcess): Promise<NatsConnection> {
  const connection = await connect({ servers: [server.address] });
  onTestFinished(() => connection.close());
  return connection;
}

describe.skipIf(!natsServer.found)("a lease at NATS", () => {
  it("is held by the first, who renews it, and by nobody else meanwhile", async () => {
    const { address } = await startServer();
    const [a, b] = await startPair([address]);
    expect(await hold(a, "a")).toBe(true);
    for (let round = 0; round < 5; round++) {
      expect(await hold(b, "b")).toBe(false);
      expect(await hold(a, "a")).toBe(true);
      b.advance(ttlMs);
    }
    expect([...a.failures, ...b.failures]).toEqual([]);
  });

  it("is taken by one of many who ask at the same time", async () => {
    const { address } = await startServer();
    const all = await Promise.all(
      Array.from({ length: 6 }, () => new RecordedTransport({ servers: [address] }).start()),
    );
    const answers = await Promise.all(all.map((each, index) => hold(each, `node-${index}`)));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  it("passes on when it was not renewed for its time by the clock of the other, and not a moment before", async () => {
    const { address } = await startServer();
    const [a, b] = await startPair([address]);
    expect(await hold(a, "a")).toBe(true);
    b.advance(10 * ttlMs);
    expect(await hold(b, "b")).toBe(false);
    b.advance(ttlMs - 1);
    expect(await hold(b, "b")).toBe(false);
    b.advance(1);
    expect(await hold(b, "b")).toBe(true);
    expect(await hold(a, "a")).toBe(false);
    a.advance(ttlMs - 1);
    expect(await hold(a, "a")).toBe(false);
  });

  it("is free at once when it was given up, by its owner only", async () => {
    const { address } = await startServer();
    const [a, b] = await startPair([address]);
    expect(await hold(a, "a")).toBe(true);
    await b.transport.releaseLease("leader", "b");
    await a.transport.releaseLease("leader", "another");
    expect(await hold(b, "b")).toBe(false);
    expect(await hold(a, "a")).toBe(true);
    await a.transport.releaseLease("leader", "a");
    expect(await hold(b, "b")).toBe(true);
  });

  it("is kept by its owner over kill -9 of the server", async () => {
    const server = await startServer();
    const [a, b] = await startPair([server.address]);
    expect(await hold(a, "a")).toBe(true);
    await server.restart();
    expect(await hold(a, "a")).toBe(false);
    for (const { told } of [a, b]) await waitFor(() => expect(told.at(-1)).toBe("connected"));
    expect(await hold(b, "b")).toBe(false);
    expect(await hold(a, "a")).toBe(true);
  });

  it("goes to nobody else before its time, when the server comes back without what it stored", async () => {
    const server = await startServer();
    const [a, b] = await startPair([server.address]);
    expect(await hold(a, "a")).toBe(true);
    expect(await hold(b, "b")).toBe(false);
    await server.restart({ empty: true });
    for (const { told } of [a, b]) await waitFor(() => expect(told.at(-1)).toBe("connected"));
    expect(await hold(b, "b")).toBe(false);
    expect(await hold(a, "a")).toBe(true);
    await server.restart({ empty: true });
    for (const { told } of [a, b])
      await waitFor(() => expect(told.filter((text) => text === "connected")).toHaveLength(3));
    expect(await hold(b, "b")).toBe(false);
    b.advance(ttlMs);
    expect(await hold(b, "b")).toBe(true);
    expect(await hold(a, "a")).toBe(false);
  });

  it("is not mistaken for another one with the same revision in a store that lost everything", async () => {
    const server = await startServer();
    const [a, b] = await startPair([server.address]);
    const c = await new RecordedTransport({ servers: [server.address] }).start();
    expect(await hold(a, "a")).toBe(true);
    expect(await hold(c, "c")).toBe(false);
    await server.restart({ empty: true });
    for (const { told } of [a, b, c])
      await waitFor(() => expect(told.filter((text) => text === "connected")).toHaveLength(2));
    expect(await hold(b, "b")).toBe(true);
    c.advance(ttlMs);
    expect(await hold(c, "c")).toBe(false);
    expect(await hold(a, "a")).toBe(false);
  });

  it("comes back when the bucket was deleted", async () => {
    const server = await startServer();
    const [a] = await startPair([server.address]);
    expect(await hold(a, "a")).toBe(true);
    const manager = await jetstreamManager(await connectTo(server));
    await manager.streams.delete("KV_antiphon-leases");
    expect(await hold(a, "a")).toBe(false);
    expect(await hold(a, "a")).toBe(true);
    expect(a.failures).toEqual([]);
  });

  it("is nobody's without JetStream, which is told once, and somebody's when there is one", async () => {
    const server = await startServer({ jetstream: false });
    const [a] = await startPair([server.address]);
    expect(await hold(a, "a")).toBe(false);
    expect(await hold(a, "a")).toBe(false);
    expect(a.failures).toEqual(["cluster-nats-without-jetstream"]);
    expect(a.messages[0]).toContain(server.address);
    await server.restart({ jetstream: true });
    await waitFor(async () => expect(await hold(a, "a")).toBe(true));
    expect(a.failures).toHaveLength(1);
  });

  it("is not held while the server stands still, and the answer is there soon", async () => {
    const server = await startServer();
    const [a] = await startPair([server.address]);
    expect(await hold(a, "a")).toBe(true);
    await server.freeze();
    const before = performance.now();
    expect(await hold(a, "a")).toBe(false);
    expect(performance.now() - before).toBeLessThan(2000);
    server.thaw();
    await waitFor(async () => expect(await hold(a, "a")).toBe(true));
  });

  it("needs no more permissions than those that the failure names", async () => {
    const permissions = `{ publish: ["antiphon.>", "_INBOX.>", "$JS.API.>", "$KV.>"], subscribe: ["antiphon.>", "_INBOX.>"] }`;
    const { address } = await startServer({
      directives: `authorization { users: [{ user: u, password: p, permissions: ${permissions} }] }`,
    });
    const servers = [`nats://u:p@${address}`];
    const [a, b] = await startPair(servers);
    expect(await hold(a, "a")).toBe(true);
    expect(await hold(b, "b")).toBe(false);
    await a.transport.releaseLease("leader", "a");
    expect(await hold(b, "b")).toBe(true);
    expect([...a.failures, ...b.failures]).toEqual([]);
  });

  it("is not taken twice at the same time by one node", async () => {
    const { address } = await startServer();
    const [a] = await startPair([address]);
    expect(await Promise.all([hold(a, "a"), hold(a, "a")])).toEqual([true, false]);
    expect(await hold(a, "a")).toBe(true);
  });

  it("can be taken where the bucket holds something else", async () => {
    const server = await startServer();
    const [a, b] = await startPair([server.address]);
    expect(await hold(a, "a")).toBe(true);
    (await connectTo(server)).publish("$KV.antiphon-leases.leader", "not JSON");
    await waitFor(async () => expect(await hold(b, "b")).toBe(true));
  });

  it("says so when more replicas are wanted than there are servers", async () => {
    const { address } = await startServer();
    const [a] = await startPair([address], 3);
    expect(await hold(a, "a")).toBe(false);
    expect(a.failures).toEqual(["cluster-nats-lease-unavailable"]);
  });

  it("survives one server of three, is nobody's with one of three, and comes back with two", async () => {
    const cluster = await startNatsCluster(natsServer);
    onTestFinished(() => cluster.stop());
    const addresses = cluster.servers.map(({ address }) => address);
    const [a, b] = await startPair(addresses, 3);
    await waitFor(async () => expect(await hold(a, "a")).toBe(true));
    const [first, second] = cluster.servers as [NatsServerProcess, NatsServerProcess];
    await first.kill();
    await waitFor(async () => expect(await hold(a, "a")).toBe(true));
    expect(await hold(b, "b")).toBe(false);
    await second.kill();
    await waitFor(async () => {
      expect(a.told.at(-1)).toBe("connected");
      expect(await hold(a, "a")).toBe(false);
      expect(a.failures).toContain("cluster-nats-lease-unavailable");
    });
    await second.restart();
    await waitFor(async () => expect(await hold(a, "a")).toBe(true));
  }, 60_000);
});
