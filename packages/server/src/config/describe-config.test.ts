import { describe, expect, it } from "vitest";
import { createJsonSchema } from "./schema.ts";
import { findSettingByEnv, findSettingByFlag, flagSettings, settings } from "./setting-index.ts";

describe("names derived from the schema", () => {
  it("lead from every environment name and every flag back to the setting", () => {
    for (const setting of settings) expect(findSettingByEnv(setting.env)?.setting).toBe(setting);
    for (const setting of flagSettings) expect(findSettingByFlag(setting.flag)).toBe(setting);
  });

  it("follow the path", () => {
    const names = Object.fromEntries(settings.map(({ path, env, flag }) => [path, [env, flag]]));
    expect(names["server.port"]).toEqual(["ANTIPHON_SERVER_PORT", "--port"]);
    expect(names["server.tls.cert"]).toEqual(["ANTIPHON_SERVER_TLS_CERT", "--tls-cert"]);
    expect(names["metrics.port"]).toEqual(["ANTIPHON_METRICS_PORT", "--metrics-port"]);
    expect(names["limits.maxMessageBytes"]).toEqual([
      "ANTIPHON_LIMITS_MAX_MESSAGE_BYTES",
      "--limits-max-message-bytes",
    ]);
    expect(names["apps[].key"]).toEqual(["ANTIPHON_APPS_0_KEY", undefined]);
  });

  it("keep the indexes of lists inside lists", () => {
    expect(findSettingByEnv("ANTIPHON_APPS_2_WEBHOOKS_10_URL")?.path).toEqual([
      "apps",
      2,
      "webhooks",
      10,
      "url",
    ]);
    expect(findSettingByEnv("ANTIPHON_APPS_9999_KEY")).toBeUndefined();
  });

  it("give no flag to a secret, which other users of the machine could read", () => {
    expect(settings.filter(({ secret, flag }) => secret && flag !== undefined)).toEqual([]);
    expect(settings.filter(({ secret }) => secret).map(({ path }) => path)).toEqual([
      "server.tls.passphrase",
      "apps[].secret",
      "apps[].previousSecret",
      "apps[].webhooks[].headers",
      "redis.url",
      "redis.password",
      "redis.tls.passphrase",
      "redis.sentinel.password",
      "nats.servers",
      "nats.password",
      "nats.token",
    ]);
  });

  it("come with a description each", () => {
    expect(settings.filter(({ description }) => description === "").map(({ path }) => path)).toEqual([]);
  });
});

describe("the JSON Schema", () => {
  it("describes the sections and refuses unknown keys", () => {
    const schema = createJsonSchema() as {
      properties: Record<string, { properties: Record<string, unknown> }>;
    };
    expect(schema).toMatchObject({ type: "object", additionalProperties: false });
    expect(schema.properties["server"]?.properties["port"]).toMatchObject({
      type: "integer",
      default: 6001,
      maximum: 65_535,
      description: "Port for WebSocket and HTTP; 0 picks a free one.",
    });
  });
});
