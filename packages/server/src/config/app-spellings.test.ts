import { describe, expect, it } from "vitest";
import { normalizeAppSetting } from "./app-spellings.ts";

describe("app settings as soketi and Sockudo spell them", () => {
  it.each([
    ["AppId", 1, "id", "1"],
    ["AppSecret", "s", "secret", "s"],
    ["Enabled", 1, "enabled", true],
    ["max_connections", 5, "connection.maxConnections", 5],
    ["MaxConnections", 5, "connection.maxConnections", 5],
    ["enableClientMessages", true, "events.clientEvents", "members"],
    ["enable_client_messages", 0, "events.clientEvents", "none"],
    ["max_backend_events_per_sec", 5, "rates.maxBackendEventsPerSecond", 5],
    ["max_backend_events_per_second", 5, "rates.maxBackendEventsPerSecond", 5],
    ["max_read_req_per_sec", 5, "rates.maxReadRequestsPerSecond", 5],
    ["max_read_requests_per_second", 5, "rates.maxReadRequestsPerSecond", 5],
    ["maxPresenceMemberSizeInKb", 2, "channels.maxPresenceMemberBytes", 2048],
    ["maxEventPayloadInKb", 100, "events.maxDataBytes", 102_400],
    ["allowed_origins", ["a.test"], "connection.allowedOrigins", ["a.test"]],
    ["enable_user_authentication", 1, "connection.requireUserAuthentication", true],
    ["tlsOnly", true, "connection.requireTls", true],
  ])("%s: %j is %s: %j", (name, value, path, normalized) => {
    expect(normalizeAppSetting(["apps", 0, name], value)).toEqual({
      path: ["apps", 0, ...path.split(".")],
      value: normalized,
    });
  });

  it("mean the default where they are null or empty", () => {
    expect(normalizeAppSetting(["apps", 0, "max_connections"], null)).toBeUndefined();
    expect(normalizeAppSetting(["apps", 0, "webhooks"], "")).toBeUndefined();
  });

  it("may give webhooks as JSON text", () => {
    expect(normalizeAppSetting(["apps", 0, "webhooks"], '[{"url":"x"}]')?.value).toEqual([{ url: "x" }]);
  });

  it("leave our own spellings and unknown names alone", () => {
    for (const path of [
      ["apps", 0, "events", "maxDataBytes"],
      ["apps", 0, "constructor"],
      ["server", "port"],
    ]) {
      expect(normalizeAppSetting(path, 5)).toEqual({ path, value: 5 });
    }
  });
});
