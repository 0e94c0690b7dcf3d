/**
 * Which client a request comes from, when proxies that the operator trusts stand in between. Headers of anyone else are
 * not believed: a client could write them itself.
 */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import type { TLSSocket } from "node:tls";

export interface ClientAddress {
  /** Address of the client; of the last untrusted hop where proxies are trusted. */
  readonly ip: string;
  /** The client speaks TLS, to us or to a trusted proxy. */
  readonly isSecure: boolean;
}

/** Tells a client's address from a request. */
export class AddressResolver {
  readonly #trusted = new BlockList();
  readonly #trustsAnyone: boolean;

  /**
   * @param trustedProxies addresses or CIDR ranges of proxies whose `X-Forwarded-*` headers count.
   * @throws TypeError for an entry that is neither.
   */
  constructor(trustedProxies: readonly string[]) {
    this.#trustsAnyone = trustedProxies.length > 0;
    for (const entry of trustedProxies) this.#trust(entry);
  }

  resolve(request: IncomingMessage): ClientAddress {
    const { socket } = request;
    const peer = socket.remoteAddress ?? "";
    const isTls = (socket as Partial<TLSSocket>).encrypted === true;
    if (!this.#trustsAnyone || !this.#isTrusted(peer)) return { ip: peer, isSecure: isTls };
    const protocol = lastMember(request.headers["x-forwarded-proto"]);
    return {
      ip: this.#lastUntrusted(request.headers["x-forwarded-for"]) ?? peer,
      isSecure: protocol === undefined ? isTls : protocol === "https" || protocol === "wss",
    };
  }

  #trust(entry: string): void {
    const [address, prefix] = entry.split("/");
    const family = isIP(address ?? "") === 6 ? "ipv6" : "ipv4";
    const bits = prefix === undefined ? (family === "ipv6" ? 128 : 32) : Number(prefix);
    if (isIP(address ?? "") === 0 || !Number.isInteger(bits)) {
      throw new TypeError(`trusted proxy "${entry}" is neither an address nor a range like 10.0.0.0/8`);
    }
    this.#trusted.addSubnet(address!, bits, family);
  }

  #isTrusted(address: string): boolean {
    const plain = address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
    const version = isIP(plain);
    return version > 0 && this.#trusted.check(plain, version === 6 ? "ipv6" : "ipv4");
  }

  /** Proxies append, so the list is read from its end. */
  #lastUntrusted(header: string | string[] | undefined): string | undefined {
    const hops = joinHeader(header)
      .split(",")
      .map((hop) => hop.trim());
    return hops.findLast((hop) => isIP(hop) > 0 && !this.#isTrusted(hop));
  }
}

function joinHeader(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(",") : (header ?? "");
}

function lastMember(header: string | string[] | undefined): string | undefined {
  return joinHeader(header).split(",").at(-1)?.trim().toLowerCase() || undefined;
}
