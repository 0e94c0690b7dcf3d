/** The two addresses of `antiphon tap`: where it listens and what it stands before. Texts in, values or problems out. */
import { isIP } from "node:net";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface TapTarget {
  readonly isSecure: boolean;
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** As a Host header names it, without a default port. */
  readonly host: string;
  /** As a page of the target's own would have it. */
  readonly origin: string;
  /** Path and query of the URL; only for telling, since the client's own path is what travels. */
  readonly path: string;
}

export type AddressResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

/** Reads `PORT`, `HOST:PORT` or `[IPv6]:PORT`; without a host it is 127.0.0.1. */
export function parseListenAddress(text: string): AddressResult<ListenAddress> {
  const match = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    return { ok: false, problem: `"${text}" is not a port, HOST:PORT or [IPv6]:PORT.` };
  }
  return { ok: true, value: { host: match[1] ?? match[2] ?? "127.0.0.1", port } };
}

/** Reads a `ws://` or `wss://` URL; `http` and `https` stand for the same. */
export function parseTarget(text: string): AddressResult<TapTarget> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSecure = url?.protocol === "wss:" || url?.protocol === "https:";
  const isPlain = url?.protocol === "ws:" || url?.protocol === "http:";
  if (url === undefined || url.hostname === "" || !(isSecure || isPlain)) {
    return {
      ok: false,
      problem: "the target is not a URL of the form ws://HOST[:PORT] or wss://HOST[:PORT].",
    };
  }
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  return {
    ok: true,
    value: {
      isSecure,
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port,
      host: url.host,
      origin: `${isSecure ? "https" : "http"}://${url.host}`,
      path: `${url.pathname}${url.search}`,
    },
  };
}

/** `host:port`, with brackets around IPv6. */
export function formatAddress(host: string | undefined, port: number | undefined): string {
  const shown = (host ?? "?").replace(/^::ffff:/i, "");
  return isIP(shown) === 6 ? `[${shown}]:${port ?? "?"}` : `${shown}:${port ?? "?"}`;
}
