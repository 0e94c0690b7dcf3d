/** The connection itself, as the queue of webhooks uses it: commands by key, and what becomes of them without a server. */
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { type RedisServer, startRedisServer } from "../../../../../test/support/redis-server.ts";
import { RedisConnection } from "./redis-connection.ts";
import { RedisProblem } from "./redis-problem.ts";
import { impatientWatch, settingsOf, until } from "./redis-transport.test.harness.ts";

const search = inject("redisServer");
const key = "{antiphon}:queue";

interface TestConnection {
  readonly connection: RedisConnection;
  readonly log: string[];
}

async function open(server: RedisServer): Promise<TestConnection> {
  const log: string[] = [];
  const connection = new RedisConnection({
    settings: settingsOf({ port: server.port, connectTimeoutMs: 500 }),
    name: "test-connection",
    keys: [key],
    watch: impatientWatch,
    onReady: () => log.push("ready"),
    onLost: (problem) => log.push(problem),
    report: ({ name }) => log.push(name),
  });
  onTestFinished(() => connection.stop());
  await connection.start();
  return { connection, log };
}

describe.skipIf(!search.found)("a connection to Redis", () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer(search);
  });

  afterAll(() => server.stop());

  it("sends commands in the order of calls, and gives the replies", async () => {
    const { connection } = await open(server);
    const replies = await Promise.all([
      connection.send(key, ["RPUSH", key, "a", Buffer.from("b")]),
      connection.send(key, ["RPUSH", key, "c"]),
      connection.send(key, ["LRANGE", key, "0", "-1"]),
    ]);
    expect(replies).toEqual([2, 3, ["a", "b", "c"]]);
  });

  it("says what the server has answered in its place", async () => {
    const { connection } = await open(server);
    const sent = connection.send(key, ["INCR", key]);
    await expect(sent).rejects.toThrow(`${server.address} answered with an error (WRONGTYPE)`);
    await expect(sent).rejects.toBeInstanceOf(RedisProblem);
    expect(connection.session).toBeDefined();
  });

  it("refuses a key of a slot that it was not made for", async () => {
    const { connection } = await open(server);
    await expect(connection.send("another", ["GET", "another"])).rejects.toThrow(TypeError);
  });

  it("rejects what waits when the server stands still, and at once from then on", async () => {
    const { connection, log } = await open(server);
    server.pause();
    onTestFinished(() => server.resume());
    const waiting = connection.send(key, ["GET", key]);
    await expect(waiting).rejects.toThrow(`${server.address} is not connected`);
    await expect(connection.send(key, ["GET", key])).rejects.toThrow("there is no connection to Redis");
    server.resume();
    await until(() => log.at(-1) === "ready");
    expect(log).toEqual(["ready", `${server.address} did not answer within 1000 ms`, "ready"]);
  });

  it("ends within an attempt to connect, and leaves nothing behind", async () => {
    const { connection, log } = await open(server);
    server.pause();
    onTestFinished(() => server.resume());
    await until(() => log.length === 2);
    connection.stop();
    server.resume();
    await expect
      .poll(async () => String(await server.command("CLIENT", "LIST")))
      .not.toContain("test-connection");
    expect(log).toHaveLength(2);
  });
});
