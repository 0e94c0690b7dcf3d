import { describe, expect, it } from "vitest";
import { isPrivateAddress, lookupPublicAddress, PrivateAddressError } from "./private-address.ts";

describe("an address", () => {
  for (const address of [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:a00:1",
    "fd00::1",
    "fe80::1",
    "64:ff9b::7f00:1",
  ]) {
    it(`is private: ${address}`, () => {
      expect(isPrivateAddress(address)).toBe(true);
    });
  }

  for (const address of ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]) {
    it(`is public: ${address}`, () => {
      expect(isPrivateAddress(address)).toBe(false);
    });
  }
});

describe("a look-up", () => {
  it("fails for a name of a private address", async () => {
    const error = await new Promise((resolve) => lookupPublicAddress("localhost", {}, resolve));
    expect(error).toBeInstanceOf(PrivateAddressError);
  });
});
