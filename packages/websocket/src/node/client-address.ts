/**
 * Which client a request comes from, when proxies that the operator trusts stand in between. Headers of anyone else are
 * not believed: a client could write them itself.
 */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP, type Socket } from "node:net";
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
    const isTls = (socket as Partial<TLSSocket>).encrypted === true;
    if (!this.#trustsAnyone) return new PeerAddress(socket, isTls);
    const peer = findPeer(socket);
    if (!this.#isTrusted(peer)) return { ip: peer, isSecure: isTls };
    const protocol = lastMember(request.headers["x-forwarded-proto"]);
    return {
      ip: this.#findClient(request.headers["x-forwarded-for"], peer),
      isSecure: protocol === undefined ? isTls : protocol === "https" || protocol === "wss",
    };
  }

  #trust(entry: string): void {
    const [address = "", prefix, ...rest] = entry.split("/");
    const version = isIP(address);
    const addressBits = version === 6 ? 128 : 32;
    const bits = prefix === undefined ? addressBits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (version === 0 || rest.length > 0 || bits < 0 || bits > addressBits) {
      throw new TypeError(`trusted proxy "${entry}" is neither an address nor a range like 10.0.0.0/8`);
    }
    this.#trusted.addSubnet(address, bits, version === 6 ? "ipv6" : "ipv4");
  }

  #isTrusted(address: string): boolean {
    const version = isIP(address);
    return version > 0 && this.#trusted.check(address, version === 6 ? "ipv6" : "ipv4");
  }

  /**
   * Each proxy appends the address of its own peer, so the list is believed from its end up to the first hop that is not
   * trusted; what stands before that one its sender may have made up. Where all are trusted, the first hop is the client.
   */
  #findClient(header: string | string[] | undefined, peer: string): string {
    const hops = joinHeader(header).split(",").map(readHop);
    let client = peer;
    for (const hop of hops.toReversed()) {
      if (hop === undefined) break;
      client = hop;
      if (!this.#isTrusted(hop)) break;
    }
    return client;
  }
}

/** The peer itself is the client. The system is asked for its address only if somebody wants to know it. */
class PeerAddress implements ClientAddress {
  readonly isSecure: boolean;
  readonly #socket: Socket;

  constructor(socket: Socket, isSecure: boolean) {
    this.isSecure = isSecure;
    this.#socket = socket;
  }

  get ip(): string {
    return findPeer(this.#socket);
  }
}

/** Empty once the socket is gone, unless it was asked before: sockets remember. */
function findPeer(socket: Socket): string {
  return normalizeAddress(socket.remoteAddress ?? "");
}

/** An IPv4 client of a dual-stack socket is known by one address only. */
function normalizeAddress(address: string): string {
  return address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/** An address, also in brackets or with a port as some proxies write it; undefined for `unknown` and the like. */
function readHop(text: string): string | undefined {
  const hop = text.trim();
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(hop)?.[1] ?? hop;
  return isIP(bare) > 0 ? normalizeAddress(bare) : undefined;
}

function joinHeader(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(",") : (header ?? "");
}

function lastMember(header: string | string[] | undefined): string | undefined {
  return joinHeader(header).split(",").at(-1)?.trim().toLowerCase() || undefined;
}
