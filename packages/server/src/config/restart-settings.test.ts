import { describe, expect, it } from "vitest";
import { type Config, loadConfig } from "./load-config.ts";
import { findRestartSettings } from "./restart-settings.ts";

async function load(content: object): Promise<Config> {
  const result = await loadConfig({
    env: {},
    configFile: "antiphon.json",
    files: { cwd: "/srv", readFile: () => Promise.resolve(JSON.stringify(content)) },
  });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result.config;
}

const app = { id: "1", key: "k", secret: "s" };
const tls = { cert: "a.pem", key: "a.key" };

describe("settings that need a restart", () => {
  it("are named by path where they differ", async () => {
    const before = await load({ apps: [app], server: { port: 1, trustedProxies: ["10.0.0.1"] } });
    const after = await load({
      apps: [app],
      server: { port: 2, hostname: "a.test", trustedProxies: ["10.0.0.1", "10.0.0.2"] },
      log: { level: "debug" },
    });
    expect(findRestartSettings(before, after)).toEqual([
      "server.port",
      "server.trustedProxies",
      "log.level",
      "server.hostname",
    ]);
    expect(findRestartSettings(before, before)).toEqual([]);
    expect(findRestartSettings(before, await load({ apps: [app], server: { port: 1 } }))).toEqual([
      "server.trustedProxies",
    ]);
  });

  it("are neither apps nor TLS files", async () => {
    const before = await load({ apps: [app], server: { tls } });
    const after = await load({
      apps: [
        { ...app, secret: "t" },
        { ...app, id: "2", key: "k2" },
      ],
      server: { tls: { cert: "b.pem", key: "b.key", passphrase: "p" } },
    });
    expect(findRestartSettings(before, after)).toEqual([]);
  });

  it("include TLS itself, switched on or off", async () => {
    const plain = await load({ apps: [app] });
    const encrypted = await load({ apps: [app], server: { tls } });
    expect(findRestartSettings(plain, encrypted)).toEqual(["server.tls.cert", "server.tls.key"]);
    expect(findRestartSettings(encrypted, plain)).toEqual(["server.tls.cert", "server.tls.key"]);
  });

  it("include limits that follow from an app", async () => {
    const before = await load({ apps: [app] });
    const after = await load({ apps: [{ ...app, events: { maxDataBytes: 100_000 } }] });
    expect(findRestartSettings(before, after)).toEqual(["limits.maxRequestBytes"]);
  });
});
