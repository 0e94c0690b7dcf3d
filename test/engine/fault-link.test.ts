/** Connections over links that split, join, delay, stall, half-close and reset: what arrives, and what stays behind. */
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createDeferred } from "../support/deferred.ts";
import { type Engine, type EngineOptions, startEngine } from "../support/engine.ts";
import { createFaultLink, type FaultLink } from "../support/fault-link.ts";
import { openWire } from "../support/wire-client.ts";

interface Linked {
  readonly engine: Engine;
  readonly link: FaultLink;
  readonly url: string;
}

async function startLinked(options: EngineOptions = {}): Promise<Linked> {
  const engine = await startEngine({
    ...options,
    route: { message: (connection, data) => void connection.send(data), ...options.route },
  });
  const link = await createFaultLink(engine.port);
  return { engine, link, url: `ws://127.0.0.1:${link.port}` };
}

/** Sends messages of many sizes through `ws`, and gives what came back. */
async function echoAll(url: string, messages: readonly string[]): Promise<string[]> {
  const client = new WebSocket(url, { perMessageDeflate: true });
  const echoes: string[] = [];
  const done = createDeferred<string[]>();
  client.on("open", () => {
    for (const message of messages) client.send(message);
  });
  client.on("message", (data: Buffer) => {
    if (echoes.push(data.toString()) === messages.length) client.close(1000);
  });
  client.on("close", (code) => done.resolve([...echoes, `close ${code}`]));
  return done.promise;
}

const messages = ["", "a", "é€😀", "x".repeat(125), "y".repeat(126), "z".repeat(3000), "last"];

describe("a link that changes only the timing", () => {
  it.each([
    ["splits the client's bytes", { toServer: { kind: "split" } }],
    ["splits the server's bytes", { toClient: { kind: "split" } }],
    ["splits both", { toServer: { kind: "split" }, toClient: { kind: "split" } }],
    ["joins", { toServer: { kind: "merge", withinMs: 20 }, toClient: { kind: "merge", withinMs: 20 } }],
    ["delays", { toServer: { kind: "delay", ms: 15 }, toClient: { kind: "delay", ms: 15 } }],
  ] as const)("that %s changes nothing else, plain and compressed", async (_, faults) => {
    for (const deflate of [false, { thresholdBytes: 0 }]) {
      const { engine, link, url } = await startLinked({ deflate });
      if ("toServer" in faults) link.set("toServer", faults.toServer);
      if ("toClient" in faults) link.set("toClient", faults.toClient);
      expect(await echoAll(url, messages)).toEqual([...messages, "close 1000"]);
      expect(await engine.closed()).toMatchObject({ code: 1000, wasClean: true, initiator: "remote" });
      expect(engine.names).toEqual([]);
      await engine.untilEmpty();
    }
  });
});

describe("a link that stalls", () => {
  it("makes a server that sends on wait, and give the client up by the policy", async () => {
    const { engine, link } = await startLinked({ maxBufferedBytes: 200_000 });
    await openWire(link.port);
    link.set("toClient", { kind: "stall" });
    const connection = await engine.opened();
    const results = new Set<string>();
    const chunk = "x".repeat(50_000);
    while (connection.isOpen) {
      results.add(connection.send(chunk));
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    expect(results).toContain("queued");
    expect(connection.bufferedBytes).toBeLessThan(1_000_000);
    expect(await engine.closed()).toMatchObject({ code: 1006, failure: { name: "slow-consumer" } });
    await engine.untilEmpty();
  });

  it("holds memory at the limit for as long as it takes under a policy that drops, and then goes on", async () => {
    const { engine, link } = await startLinked({ slowConsumer: "drop-oldest", maxBufferedBytes: 300_000 });
    const client = await openWire(link.port);
    link.set("toClient", { kind: "stall" });
    const connection = await engine.opened();
    for (let i = 0; i < 2000; i += 1) {
      connection.send(`${i} ${"x".repeat(20_000)}`);
      if (i % 10 === 0) {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
    }
    expect(connection.bufferedBytes).toBeLessThanOrEqual(700_000);
    connection.send("end");
    link.set("toClient", { kind: "none" });
    const numbers: number[] = [];
    for (;;) {
      const message = await client.next();
      if (message === "text end") break;
      numbers.push(Number(/^text (\d+) /.exec(message)?.[1]));
    }
    // Every frame that arrives is whole and in order, the first ones and the last ones are there, and many are not.
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect([numbers[0], numbers.at(-1)]).toEqual([0, 1999]);
    expect(numbers.length).toBeLessThan(1500);
  });

  it("is told from a dead one: the heartbeat gives the client up", async () => {
    const { engine, link } = await startLinked({ pingIntervalMs: 300, pongTimeoutMs: 300 });
    await openWire(link.port);
    await engine.opened();
    link.set("toServer", { kind: "stall" });
    expect(await engine.closed()).toMatchObject({ code: 1006, failure: { name: "heartbeat-timeout" } });
    expect(engine.closeReports[0]?.sent).toEqual({ code: 1011, reason: "heartbeat-timeout" });
    await engine.untilEmpty();
  });
});

describe("a link that breaks", () => {
  it("half-closed towards the server: what came before is answered, then the connection ends", async () => {
    const { engine, link } = await startLinked();
    const client = await openWire(link.port);
    expect(await client.send("one").next()).toBe("text one");
    link.halfClose("toServer");
    await client.ended;
    expect(await engine.closed()).toMatchObject({
      code: 1006,
      tcp: "fin",
      initiator: "network",
      failure: { name: "close-without-frame" },
    });
    await engine.untilEmpty();
  });

  it("reset while both sides send: both are told, and nothing stays", async () => {
    const { engine, link } = await startLinked({ maxBufferedBytes: 50_000_000 });
    for (let i = 0; i < 20; i += 1) {
      const client = await openWire(link.port);
      client.send("x".repeat(200_000));
      (await engine.opened(i)).send("y".repeat(200_000));
      if (i % 2 === 0) client.write(Buffer.from([0x81, 0xfe]));
      link.reset();
      await client.closed;
      const report = await engine.closed(i);
      expect(report).toMatchObject({ code: 1006, tcp: "reset", failure: { name: "tcp-reset" } });
    }
    await engine.untilEmpty();
    expect(link.size).toBe(0);
  });
});
