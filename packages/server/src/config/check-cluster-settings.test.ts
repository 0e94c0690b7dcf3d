import { describe, expect, it } from "vitest";
import { type ConfigResult, loadConfig } from "./load-config.ts";

function withFile(content: unknown, readable: readonly string[] = []): Promise<ConfigResult> {
  return loadConfig({
    env: {},
    configFile: "a.json",
    files: {
      cwd: "/srv",
      readFile: (file) => {
        if (file === "/srv/a.json") return Promise.resolve(JSON.stringify(content));
        const missing = Object.assign(new Error("ENOENT"), { code: "ENOENT" });
        return readable.includes(file) ? Promise.resolve("PEM") : Promise.reject(missing);
      },
    },
  });
}

const problemsOf = (result: ConfigResult) => (result.ok ? [] : result.problems.map(({ message }) => message));
const redis = (settings: object) => ({ cluster: { driver: "redis" }, redis: settings });

describe("settings of a cluster that cannot work", () => {
  it("leave a node fewer than three heartbeats", async () => {
    expect(problemsOf(await withFile({ cluster: { heartbeatMs: 3000 } }))).toEqual([
      "cluster.nodeTimeoutMs is 6000 (default) but must be at least 9000, three times cluster.heartbeatMs.",
    ]);
    expect((await withFile({ cluster: { heartbeatMs: 2000 } })).ok).toBe(true);
  });

  it("name Redis in two ways", async () => {
    const nodes = { nodes: ["a:1"] };
    expect(problemsOf(await withFile(redis({ sentinel: nodes, cluster: nodes, database: 1 })))).toEqual([
      "redis.sentinel.nodes (file a.json) and redis.cluster.nodes (file a.json) cannot both be set: Redis is watched by Sentinel, or it is a cluster.",
      "redis.database (file a.json) and redis.cluster.nodes (file a.json) cannot both be set: a Redis Cluster has only database 0.",
    ]);
    expect(problemsOf(await withFile(redis({ url: "redis://a", sentinel: nodes })))).toEqual([
      "redis.url (file a.json) and redis.sentinel.nodes (file a.json) cannot both be set: the first names one server, and the second says where to find it.",
    ]);
    // Nothing has two meanings where the lists are empty.
    const empty = { nodes: [] };
    expect((await withFile(redis({ url: "redis://a", sentinel: empty, cluster: empty }))).ok).toBe(true);
  });

  it("are what the clients of Redis and NATS refuse, if they are used", async () => {
    const login = { username: "user" };
    expect(problemsOf(await withFile(redis(login)))).toEqual([
      "The setting password for Redis cannot be used: it is missing, but there is a username.",
    ]);
    expect((await withFile({ redis: login })).ok).toBe(true);
    const nats = { servers: ["a:1"], username: "user", password: "word", token: "token" };
    const result = await withFile({ webhooks: { queue: "nats" }, nats });
    expect(result.ok ? [] : result.problems.map(({ name }) => name)).toEqual([
      "cluster-nats-options-invalid",
    ]);
  });

  it("name files that are not there", async () => {
    const tls = { ca: "ca.pem", cert: "cert.pem", key: "key.pem" };
    const result = await withFile({ redis: { tls }, nats: { credentialsFile: "user.creds" } }, [
      "/srv/ca.pem",
    ]);
    expect(problemsOf(result)).toEqual([
      "The file cert.pem (file a.json) does not exist.",
      "The file key.pem (file a.json) does not exist.",
      "The file user.creds (file a.json) does not exist.",
    ]);
  });

  it.each([
    [{ redis: { url: "http://u:hush@a" } }, "redis.url"],
    [{ redis: { url: "redis://u:hu%zzsh@a" } }, "redis.url"],
    [{ nats: { servers: ["a:4222", "http://u:hush@a"] } }, "nats.servers[1]"],
  ])("are told without the password in them: %j", async (content, path) => {
    const problems = problemsOf(await withFile(content));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${path} is a hidden value (file a.json) but must be`);
    expect(problems.join()).not.toContain("hu");
  });
});

describe("settings of a cluster that deserve a word", () => {
  const noticesOf = ({ warnings }: ConfigResult) => warnings.map(({ message }) => message);

  it("leave the address to the default", async () => {
    expect(noticesOf(await withFile({ cluster: { driver: "redis" } }))).toEqual([
      "cluster.driver asks for Redis (file a.json) and no address of it is set: it is looked for at 127.0.0.1:6379.",
    ]);
    expect(noticesOf(await withFile({ webhooks: { queue: "nats" } }))).toEqual([
      "webhooks.queue asks for NATS (file a.json) and no address of it is set: it is looked for at 127.0.0.1:4222.",
    ]);
    expect(noticesOf(await withFile(redis({ host: "127.0.0.1" })))).toEqual([]);
  });

  it("describe a server that nothing uses", async () => {
    expect(noticesOf(await withFile({ redis: { host: "a" }, nats: { token: "t" } }))).toEqual([
      "Settings of redis are given (file a.json), but nothing uses Redis: neither cluster.driver nor webhooks.queue asks for it.",
      "Settings of nats are given (file a.json), but nothing uses NATS: neither cluster.driver nor webhooks.queue asks for it.",
    ]);
  });
});
