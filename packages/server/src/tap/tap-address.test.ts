import { describe, expect, it } from "vitest";
import { formatAddress, parseListenAddress, parseTarget } from "./tap-address.ts";

describe("parseListenAddress", () => {
  it("reads a port, a host with one, and IPv6 in brackets", () => {
    expect(parseListenAddress("7001")).toEqual({ ok: true, value: { host: "127.0.0.1", port: 7001 } });
    expect(parseListenAddress("0.0.0.0:0")).toEqual({ ok: true, value: { host: "0.0.0.0", port: 0 } });
    expect(parseListenAddress("[::1]:80")).toEqual({ ok: true, value: { host: "::1", port: 80 } });
  });

  it.each(["", "x", "65536", "::1:80", "host:", "ws://host:1"])("refuses %j", (text) => {
    expect(parseListenAddress(text).ok).toBe(false);
  });
});

describe("parseTarget", () => {
  it("reads scheme, host and port with their defaults", () => {
    expect(parseTarget("wss://ws.example.com/app/key?protocol=7")).toEqual({
      ok: true,
      value: {
        isSecure: true,
        hostname: "ws.example.com",
        port: 443,
        host: "ws.example.com",
        origin: "https://ws.example.com",
        path: "/app/key?protocol=7",
      },
    });
    expect(parseTarget("ws://[::1]:6001")).toMatchObject({
      value: { hostname: "::1", port: 6001, host: "[::1]:6001" },
    });
  });

  it.each(["", "localhost:6001", "ftp://host", "ws://"])("refuses %j without repeating it", (text) => {
    expect(parseTarget(text)).toEqual({
      ok: false,
      problem: "the target is not a URL of the form ws://HOST[:PORT] or wss://HOST[:PORT].",
    });
  });
});

describe("formatAddress", () => {
  it("puts brackets around IPv6 and shows IPv4 in IPv6 as IPv4", () => {
    expect(formatAddress("::1", 80)).toBe("[::1]:80");
    expect(formatAddress("::ffff:10.0.0.1", 80)).toBe("10.0.0.1:80");
  });
});
