import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authenticator, nkeys } from "@nats-io/transport-node";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  describeNats,
  loadClientOptions,
  natsDefaults,
  type NatsOptions,
  type NatsTarget,
  resolveNatsOptions,
} from "./nats-options.ts";

function resolve(options: Partial<NatsOptions> = {}): NatsTarget {
  const target = resolveNatsOptions({ ...natsDefaults, ...options });
  if ("name" in target) throw new Error(target.message);
  return target;
}

describe("options for NATS", () => {
  it("lead to this machine by default, without credentials", async () => {
    const target = resolve();
    expect(target.servers).toEqual([{ host: "127.0.0.1", port: 4222, address: "127.0.0.1:4222" }]);
    expect(describeNats(target)).toBe("NATS at 127.0.0.1:4222 without credentials");
    expect(await loadClientOptions(target)).toEqual({ timeout: 5000 });
  });

  it.each([
    ["a", "a", 4222],
    ["a:1", "a", 1],
    ["nats://a:1", "a", 1],
    ["nats://a", "a", 4222],
    ["tls://a.example:443", "a.example", 443],
    ["[::1]:4223", "::1", 4223],
    ["nats://user:pa%2Fss@a:80", "a", 80],
  ])("take %s as the address of a server", (text, host, port) => {
    expect(resolve({ servers: [text] }).servers).toEqual([expect.objectContaining({ host, port })]);
  });

  it.each<[string, Partial<NatsOptions>, string]>([
    ["no server", { servers: [] }, "servers"],
    ["too many servers", { servers: Array.from({ length: 65 }, () => "a") }, "servers"],
    ["another scheme", { servers: ["ws://a"] }, "servers"],
    ["several in one", { servers: ["a:1,b:1"] }, "servers"],
    ["a port that is none", { servers: ["a:70000"] }, "servers"],
    ["a path", { servers: ["a:1/b"] }, "servers"],
    ["an empty address", { servers: [""] }, "servers"],
    ["credentials that are not encoded well", { servers: ["nats://%zz@a"] }, "servers"],
    ["servers with different credentials", { servers: ["nats://u:a@a", "nats://u:b@b"] }, "servers"],
    ["a prefix of two tokens", { prefix: "a.b" }, "prefix"],
    ["no time to connect", { connectTimeoutMs: 0 }, "connectTimeoutMs"],
    ["half a replica", { replicas: 1.5 }, "replicas"],
    ["a certificate without a key", { tls: { cert: "a" } }, "tls"],
    ["a password without a user", { password: "secret" }, "password"],
    ["a user and a token", { username: "a", token: "secret" }, "credentials"],
    ["a token and a user in the address", { servers: ["nats://u:secret@a"], token: "secret" }, "credentials"],
  ])("are refused with %s", (_, options, setting) => {
    const failure = resolveNatsOptions({ ...natsDefaults, ...options });
    expect(failure).toMatchObject({ name: "cluster-nats-options-invalid", evidence: { setting } });
    expect(JSON.stringify(failure)).not.toContain("secret");
  });

  it("take the credentials from the address as from the settings, for all servers", async () => {
    const byAddress = resolve({ servers: ["nats://u:p%40ss@a", "b"] });
    const bySettings = resolve({ servers: ["a", "b"], username: "u", password: "p@ss" });
    expect(byAddress).toEqual(bySettings);
    expect(await loadClientOptions(byAddress)).toMatchObject({ user: "u", pass: "p@ss" });
    const byToken = resolve({ servers: ["nats://t0ken@a"] });
    expect(await loadClientOptions(byToken)).toMatchObject({ token: "t0ken" });
  });

  it("are described without secrets", () => {
    const target = resolve({ servers: ["tls://u:secret@a", "b"] });
    expect(describeNats(target)).toBe("NATS at a:4222, b:4222 as user u, with TLS");
    expect(describeNats(resolve({ token: "secret" }))).toBe("NATS at 127.0.0.1:4222 with a token");
  });

  it("have their files read for each connection", async () => {
    const folder = await mkdtemp(join(tmpdir(), "antiphon-nats-options-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "ca");
    await writeFile(file, "first");
    const target = resolve({ tls: { ca: file, cert: file, key: file } });
    expect((await loadClientOptions(target)).tls).toEqual({ ca: "first", cert: "first", key: "first" });
    await writeFile(file, "second");
    expect((await loadClientOptions(target)).tls).toEqual({ ca: "second", cert: "second", key: "second" });
    expect((await loadClientOptions(resolve({ tls: {} }))).tls).toEqual({});
    expect((await loadClientOptions(resolve({ servers: ["tls://a"] }))).tls).toEqual({});
  });

  it("sign with the seed in a file, and are refused where it holds none", async () => {
    const folder = await mkdtemp(join(tmpdir(), "antiphon-nats-options-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "seed");
    const pair = nkeys.createUser();
    await writeFile(file, `${Buffer.from(pair.getSeed()).toString()}\n`);
    const { authenticator } = await loadClientOptions(resolve({ nkeyFile: file }));
    expect((authenticator as Authenticator)("nonce")).toMatchObject({ nkey: pair.getPublicKey() });
    await expect(loadClientOptions(resolve({ credentialsFile: file }))).rejects.toThrow(
      "unable to parse credentials",
    );
    await expect(loadClientOptions(resolve({ credentialsFile: join(folder, "no") }))).rejects.toThrow(
      "ENOENT",
    );
  });
});
