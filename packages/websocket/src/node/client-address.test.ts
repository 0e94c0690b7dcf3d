import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { AddressResolver, type ClientAddress } from "./client-address.ts";

function resolve(
  trusted: readonly string[],
  remoteAddress: string | undefined,
  headers: Record<string, string> = {},
  encrypted = false,
): ClientAddress {
  const request = { socket: { remoteAddress, encrypted }, headers } as unknown as IncomingMessage;
  const { ip, isSecure } = new AddressResolver(trusted).resolve(request);
  return { ip, isSecure };
}

const forwardedFor = (hops: string): Record<string, string> => ({ "x-forwarded-for": hops });

describe("client addresses", () => {
  it("believe no header of a peer that is not trusted", () => {
    const headers = { ...forwardedFor("1.2.3.4"), "x-forwarded-proto": "https" };
    expect(resolve([], "9.9.9.9", headers)).toEqual({ ip: "9.9.9.9", isSecure: false });
    expect(resolve(["10.0.0.0/8"], "9.9.9.9", headers)).toEqual({ ip: "9.9.9.9", isSecure: false });
  });

  it.each([
    ["1.2.3.4", "1.2.3.4"],
    ["6.6.6.6, 1.2.3.4", "1.2.3.4"],
    ["1.2.3.4, 10.1.1.1, 10.2.2.2", "1.2.3.4"],
    ["6.6.6.6, 1.2.3.4, 10.2.2.2", "1.2.3.4"],
    ["2001:db8::1", "2001:db8::1"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["1.2.3.4:5678", "1.2.3.4"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["10.3.3.3, 10.2.2.2", "10.3.3.3"],
    ["6.6.6.6, unknown", "10.0.0.1"],
    ["6.6.6.6, unknown, 10.2.2.2", "10.2.2.2"],
    ["", "10.0.0.1"],
  ])("behind a trusted proxy that forwards for %j are %s", (hops, ip) => {
    expect(resolve(["10.0.0.0/8"], "10.0.0.1", forwardedFor(hops)).ip).toBe(ip);
  });

  it("know an IPv4 client of a dual-stack socket by its IPv4 address", () => {
    expect(resolve([], "::ffff:1.2.3.4").ip).toBe("1.2.3.4");
    expect(resolve(["10.0.0.1"], "::ffff:10.0.0.1", forwardedFor("1.2.3.4")).ip).toBe("1.2.3.4");
  });

  it.each([
    [undefined, true, true],
    ["https", false, true],
    ["wss", false, true],
    ["http", true, false],
    ["https, http", false, false],
  ])(
    "with the protocol %s of a trusted proxy, TLS to us %s, are secure: %s",
    (protocol, encrypted, isSecure) => {
      const headers = protocol === undefined ? {} : { "x-forwarded-proto": protocol };
      expect(resolve(["::1"], "::1", headers, encrypted).isSecure).toBe(isSecure);
    },
  );

  it("are empty where the peer has none, as on a Unix socket", () => {
    expect(resolve(["10.0.0.0/8"], undefined, forwardedFor("1.2.3.4")).ip).toBe("");
  });

  it.each([
    "",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "::/129",
    "proxy.example",
    "10.0.0/8",
  ])("refuse %j as a trusted proxy", (entry) => {
    expect(() => new AddressResolver([entry])).toThrow(TypeError);
  });

  it("take the whole world as trusted only when it is written down", () => {
    expect(resolve(["0.0.0.0/0"], "9.9.9.9", forwardedFor("1.2.3.4")).ip).toBe("1.2.3.4");
  });
});
