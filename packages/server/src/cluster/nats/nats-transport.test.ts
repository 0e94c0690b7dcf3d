import { once } from "node:events";
import { connect } from "@nats-io/transport-node";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { createFaultLink } from "../../../../../test/support/fault-link.ts";
import {
  type NatsServerOptions,
  type NatsServerProcess,
  startNatsCluster,
  startNatsServer,
} from "../../../../../test/support/nats-server.ts";
import { channel, control, RecordedTransport, waitFor } from "./nats-transport.test.harness.ts";

const natsServer = inject("natsServer");

async function startServer(options?: NatsServerOptions): Promise<NatsServerProcess> {
  const server = await startNatsServer(natsServer, options);
  onTestFinished(() => server.stop());
  return server;
}

/** Two started transports on a server of their own. */
async function startPair(options?: NatsServerOptions): Promise<{
  server: NatsServerProcess;
  a: RecordedTransport;
  b: RecordedTransport;
}> {
  const server = await startServer(options);
  const a = new RecordedTransport({ servers: [server.address] });
  const b = new RecordedTransport({ servers: [server.address] });
  await Promise.all([a.start(), b.start()]);
  return { server, a, b };
}

describe.skipIf(!natsServer.found)("the transport over NATS", () => {
  it("brings what is published to every node that is subscribed, the publisher too, in order", async () => {
    const { a, b } = await startPair();
    for (const { transport } of [a, b]) {
      transport.subscribe(control("state"));
      transport.subscribe(control("leader"));
    }
    await waitFor(() => {
      a.publish(control("state"), "ready");
      expect(b.heard).not.toEqual([]);
    });
    const expected: string[] = [];
    for (let index = 0; index < 1000; index++) {
      const name = index % 3 === 0 ? "leader" : "state";
      a.publish(control(name), String(index));
      expected.push(`${name} ${index}`);
    }
    for (const each of [a, b]) {
      await waitFor(() => expect(each.heard.filter((text) => text !== "state ready")).toEqual(expected));
    }
  });

  it("brings the bytes as they are, also none and many", async () => {
    const { a, b } = await startPair();
    const payloads: Buffer[] = [];
    b.received = (_, payload) => void payloads.push(payload);
    b.transport.subscribe(control("state"));
    const sent = [Buffer.from([0, 255, 13, 10]), Buffer.alloc(0), Buffer.alloc(900_000, "x")];
    await waitFor(() => {
      a.publish(control("state"), "");
      expect(payloads.length).toBeGreaterThan(0);
    });
    for (const payload of sent) a.transport.publish(control("state"), payload);
    await waitFor(() => {
      const last = payloads.slice(-3);
      expect(sent.map((payload, index) => last[index]?.equals(payload))).toEqual([true, true, true]);
    });
  });

  it("brings channels to those who are subscribed to just this channel of this app, until they are not", async () => {
    const { a, b } = await startPair();
    const names = ["a", "a.b", "a.*", ">", "ä 😀", "x".repeat(9000)];
    b.transport.subscribe(control("end"));
    for (const name of names) b.transport.subscribe(channel("1", name));
    const sendAll = (): void => {
      for (const name of [...names, "b"]) {
        a.publish(channel("1", name), "x");
        a.publish(channel("2", name), "x");
      }
      a.publish(control("end"), "");
    };
    await waitFor(() => {
      b.heard.length = 0;
      sendAll();
      return waitFor(() => expect(b.heard).toEqual([...names.map((name) => `1/${name} x`), "end "]));
    });
    b.transport.unsubscribe(channel("1", "a"));
    b.transport.unsubscribe(channel("1", "never subscribed"));
    await waitFor(() => {
      b.heard.length = 0;
      sendAll();
      return waitFor(() => expect(b.heard).toEqual([...names.slice(1).map((name) => `1/${name} x`), "end "]));
    });
  });

  it("delivers once what was subscribed twice", async () => {
    const { a } = await startPair();
    a.transport.subscribe(control("state"));
    a.transport.subscribe(control("state"));
    a.publish(control("state"), "1");
    a.publish(control("state"), "2");
    await waitFor(() => expect(a.heard).toEqual(["state 1", "state 2"]));
  });

  it("has all subscriptions in force when it says that it is connected, the first time and after kill -9", async () => {
    const server = await startServer();
    const a = new RecordedTransport({ servers: [server.address] });
    const b = new RecordedTransport({ servers: [server.address] });
    for (let index = 0; index < 5000; index++) b.transport.subscribe(channel("1", `c${index}`));
    await a.start();
    await b.start();
    expect(b.told).toEqual(["connected"]);
    a.publish(channel("1", "c4999"), "first");
    await waitFor(() => expect(b.heard).toEqual(["1/c4999 first"]));
    await server.restart({ empty: true });
    for (const each of [a, b]) {
      await waitFor(() => expect(each.told).toEqual(["connected", "disconnected", "connected"]));
    }
    a.publish(channel("1", "c0"), "second");
    await waitFor(() => expect(b.heard).toEqual(["1/c4999 first", "1/c0 second"]));
  });

  it("loses what is published without a connection, and never delivers it later", async () => {
    const { server, a } = await startPair();
    a.transport.subscribe(control("state"));
    await server.kill();
    a.publish(control("state"), "into the dying connection");
    await waitFor(() => expect(a.told.at(-1)).toBe("disconnected"));
    a.publish(control("state"), "without a connection");
    a.transport.subscribe(control("later"));
    await server.restart();
    await waitFor(() => expect(a.told.at(-1)).toBe("connected"));
    a.publish(control("state"), "afterwards");
    a.publish(control("later"), "subscribed meanwhile");
    await waitFor(() => expect(a.heard).toEqual(["state afterwards", "later subscribed meanwhile"]));
  });

  it("says that it is disconnected from a server that stands still, once, and that it is back", async () => {
    const { server, a } = await startPair();
    await server.freeze();
    await waitFor(() => expect(a.problems).toEqual(["the server stopped answering"]));
    server.thaw();
    await waitFor(() => expect(a.told).toEqual(["connected", "disconnected", "connected"]));
  });

  it("gives up a server that does not read, before what waits for it fills the memory", async () => {
    const { server, a } = await startPair();
    const large = Buffer.alloc(1_000_000);
    a.transport.subscribe(control("end"));
    const burst = async (round: number) => {
      for (let sent = 0; sent < 30; sent++) a.transport.publish(control("state"), large);
      a.publish(control("end"), "x");
      await waitFor(() => expect(a.heard).toHaveLength(round));
    };
    // What is read is not counted, however much it is.
    for (let round = 1; round <= 3; round++) await burst(round);
    expect(a.told).toEqual(["connected"]);
    await server.freeze();
    for (let sent = 0; sent < 100; sent++) a.transport.publish(control("state"), large);
    await waitFor(() => expect(a.problems).toEqual(["the server does not read what is published"]));
    server.thaw();
    await waitFor(() => expect(a.told).toEqual(["connected", "disconnected", "connected"]));
  });

  it("drops the connection on request, and has its subscriptions afterwards", async () => {
    const { a } = await startPair();
    a.transport.subscribe(control("state"));
    a.transport.reconnect();
    await waitFor(() => expect(a.told).toEqual(["connected", "disconnected", "connected"]));
    a.publish(control("state"), "x");
    await waitFor(() => expect(a.heard).toEqual(["state x"]));
  });

  it("is disconnected by the server when it does not read, says so, and comes back", async () => {
    const server = await startServer({ directives: "write_deadline: 200ms\nmax_pending: 2MB" });
    const link = await createFaultLink(server.port);
    const slow = new RecordedTransport({ servers: [`127.0.0.1:${link.port}`] });
    const publisher = new RecordedTransport({ servers: [server.address] });
    slow.transport.subscribe(control("state"));
    await Promise.all([slow.start(), publisher.start()]);
    link.set("toClient", { kind: "stall" });
    const large = Buffer.alloc(512 * 1024);
    await waitFor(() => {
      publisher.transport.publish(control("state"), large);
      expect(server.log).toContain("Slow Consumer");
    });
    link.set("toClient", { kind: "none" });
    await waitFor(() => expect(slow.told).toEqual(["connected", "disconnected", "connected"]));
    slow.heard.length = 0;
    publisher.publish(control("state"), "x");
    await waitFor(() => expect(slow.heard).toEqual(["state x"]));
  });

  it("drops a message that is larger than the server takes, names it, and stays connected", async () => {
    const { a } = await startPair({ directives: "max_payload: 1000" });
    a.transport.subscribe(control("state"));
    a.publish(control("state"), "x".repeat(1001));
    a.publish(channel("1", "secret-channel"), "x".repeat(1001));
    a.publish(control("state"), "small");
    await waitFor(() => expect(a.heard).toEqual(["state small"]));
    expect(a.failures).toEqual(["cluster-nats-payload-too-large", "cluster-nats-payload-too-large"]);
    expect(a.messages).toEqual([
      "A message of 1001 bytes to other nodes (state) is dropped: the NATS server takes 1000.",
      "A message of 1001 bytes to other nodes (a channel) is dropped: the NATS server takes 1000.",
    ]);
    expect(a.told).toEqual(["connected"]);
  });

  it("joins nodes at different servers of a NATS cluster, and goes to another when one dies", async () => {
    const cluster = await startNatsCluster(natsServer, { jetstream: false });
    onTestFinished(() => cluster.stop());
    const [first, second, third] = cluster.servers as [
      NatsServerProcess,
      NatsServerProcess,
      NatsServerProcess,
    ];
    const a = new RecordedTransport({ servers: [first.address] });
    const b = new RecordedTransport({ servers: [second.address, third.address] });
    b.transport.subscribe(control("state"));
    await Promise.all([a.start(), b.start()]);
    await waitFor(() => {
      a.publish(control("state"), "1");
      expect(b.heard.at(-1)).toBe("state 1");
    });
    await first.kill();
    await waitFor(() => expect(a.told).toEqual(["connected", "disconnected", "connected"]));
    await waitFor(() => {
      a.publish(control("state"), "2");
      expect(b.heard.at(-1)).toBe("state 2");
    });
    expect(b.told).toEqual(["connected"]);
  });

  it("keeps clusters with different prefixes apart", async () => {
    const server = await startServer();
    const a = new RecordedTransport({ servers: [server.address], prefix: "one" });
    const b = new RecordedTransport({ servers: [server.address], prefix: "two" });
    for (const { transport } of [a, b]) transport.subscribe(control("state"));
    await Promise.all([a.start(), b.start()]);
    a.publish(control("state"), "of one");
    b.publish(control("state"), "of two");
    await waitFor(() => expect([a.heard, b.heard]).toEqual([["state of one"], ["state of two"]]));
  });

  it("sends what was published last before it stops, and takes calls afterwards without a word", async () => {
    const { server, a, b } = await startPair();
    b.transport.subscribe(control("state"));
    await waitFor(() => {
      a.publish(control("state"), "ready");
      expect(b.heard).not.toEqual([]);
    });
    a.publish(control("state"), "farewell");
    await a.transport.stop();
    await waitFor(() => expect(b.heard.at(-1)).toBe("state farewell"));
    a.publish(control("state"), "too late");
    a.transport.subscribe(control("state"));
    a.transport.unsubscribe(control("state"));
    a.transport.reconnect();
    expect(await a.transport.holdLease("leader", "a", 1000)).toBe(false);
    await a.transport.releaseLease("leader", "a");
    expect(a.told).toEqual(["connected"]);
    const connection = await connect({ servers: [server.address] });
    await connection.close();
  });

  it("stops within two seconds while the server stands still", async () => {
    const { server, a } = await startPair();
    await server.freeze();
    a.publish(control("state"), "x");
    const before = performance.now();
    await a.transport.stop();
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it("goes on receiving after a mistake of its listener, which surfaces as an uncaught exception", async () => {
    const { a } = await startPair();
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    onTestFinished(() => void listeners.map((each) => process.on("uncaughtException", each)));
    const surfaced = once(process, "uncaughtException");
    a.received = () => {
      throw new Error("a mistake");
    };
    a.transport.subscribe(control("state"));
    a.publish(control("state"), "1");
    expect(await surfaced).toMatchObject([{ message: "a mistake" }, "uncaughtException"]);
    const heard: string[] = [];
    a.received = (_, payload) => void heard.push(payload.toString());
    a.publish(control("state"), "2");
    await waitFor(() => expect(heard).toEqual(["2"]));
  });
});
