/**
 * Which addresses are not on the public internet, and a name look-up that refuses them: whoever may configure a webhook
 * could otherwise make this server knock on doors behind the firewall.
 */
import { type LookupAddress, lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

const blocked = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  blocked.addSubnet(network, bits, "ipv4");
}
for (const [network, bits] of [
  ["::", 127],
  ["64:ff9b::", 96],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  blocked.addSubnet(network, bits, "ipv6");
}

/** Whether an IP address is loopback, private, link-local, multicast or a tunnel into such. */
export function isPrivateAddress(address: string): boolean {
  return blocked.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** Tells why a connection was not made; travels as the error of the look-up. */
export class PrivateAddressError extends Error {
  readonly address: string;

  constructor(address: string) {
    super(`${address} is a private address`);
    this.address = address;
  }
}

/** Resolves a name like `dns.lookup`, and fails if any of its addresses is private. */
export const lookupPublicAddress: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const denied = error ? undefined : addresses.find(({ address }) => isPrivateAddress(address));
    const problem = error ?? (denied && new PrivateAddressError(denied.address));
    const [first] = error ? [] : addresses;
    if (problem || first === undefined) callback(problem ?? new Error("no address"), "", 0);
    else if (options.all) callback(null, addresses satisfies LookupAddress[]);
    else callback(null, first.address, first.family);
  });
};
