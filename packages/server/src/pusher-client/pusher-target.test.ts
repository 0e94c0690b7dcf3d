import { describe, expect, it } from "vitest";
import { apiUrlFor, readTarget } from "./pusher-target.ts";

describe("the target of subscribe and trigger", () => {
  it("is the development app on this machine without any flags", () => {
    expect(readTarget({})).toEqual({
      appId: "antiphon",
      key: "antiphon-key",
      secret: "antiphon-secret",
      socketUrl: "ws://127.0.0.1:6001/app/antiphon-key?protocol=7&client=antiphon-cli",
      apiUrl: "http://127.0.0.1:6001",
    });
  });

  it("takes key, prefix and TLS from a URL", () => {
    expect(readTarget({ url: "wss://example.com/live/app/k%20y", appId: "1", secret: "s" })).toEqual({
      appId: "1",
      key: "k y",
      secret: "s",
      socketUrl: "wss://example.com/live/app/k%20y?protocol=7&client=antiphon-cli",
      apiUrl: "https://example.com/live",
    });
  });

  it("puts an IPv6 host into brackets", () => {
    expect(readTarget({ host: "::1" })).toMatchObject({ apiUrl: "http://[::1]:6001" });
  });

  it("never mixes the development app's secret with another key", () => {
    expect(readTarget({ key: "other" })).toMatchObject({ appId: "", key: "other", secret: "" });
  });

  it.each([
    [{ url: "ws://a", port: "1" }, "--url already says host and port."],
    [{ url: "ftp://a" }, "--url is not a ws://, wss://, http:// or https:// URL."],
    [{ port: "x" }, "--host and --port are not an address."],
    [{ appId: "7" }, "--app-id needs --key."],
  ])("cannot be made of %j", (flags, problem) => {
    expect(readTarget(flags)).toEqual({ problem });
  });
});

describe("the HTTP API of a WebSocket URL", () => {
  it.each([
    ["ws://localhost:6001/app/key?protocol=7", "http://localhost:6001"],
    ["wss://example.com/live/app/key", "https://example.com/live"],
    ["wss://ws-eu.pusher.com/app/key", "https://api-eu.pusher.com"],
  ])("of %s is %s", (socketUrl, apiUrl) => {
    expect(apiUrlFor(socketUrl)).toBe(apiUrl);
  });
});
