/** A route of a server: which paths, who may connect, what is agreed, and what happens on its connections. */
import { type AllowedOrigins, createOriginPolicy } from "../protocol/origin.ts";
import type { DeflateOptions } from "../protocol/permessage-deflate-negotiation.ts";
import type { UpgradeRules } from "../protocol/upgrade-request.ts";
import type { ConnectionHandlers, ConnectionHost, OutgoingCompression } from "./connection-host.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { compileRoutePath, type RouteMatcher } from "./route-path.ts";
import type { HandshakeRequest, UpgradeContext } from "./upgrade-decision.ts";

/** Compression (RFC 7692): what is negotiated, and how outgoing messages are compressed. */
export interface DeflateSettings extends DeflateOptions, OutgoingCompression {}

/**
 * No context takeover, so that a published message is compressed once for all and an idle connection holds no window; a
 * 12-bit window and a low level, since zlib allocates and searches in proportion.
 */
export const defaultDeflateSettings: DeflateSettings = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 15,
  level: 3,
  memoryLevel: 5,
  thresholdBytes: 1024,
};

/** Rules of the opening handshake; each can be set for a server and overridden per route. */
export interface HandshakeRules {
  /** Default `*`: fine unless cookies authenticate, since pages of any site can then act for their visitors. */
  readonly origins: AllowedOrigins;
  /** Clients that are not browsers send no Origin. */
  readonly allowMissingOrigin: boolean;
  /** Hosts that may be named in `Host`; undefined allows all. Defends against DNS rebinding. */
  readonly allowedHosts: readonly string[] | undefined;
  /** In the server's order of preference. */
  readonly subprotocols: readonly string[];
  /** Whose order decides among common subprotocols. */
  readonly subprotocolPreference: "server" | "client";
  /** Refuse clients that share no subprotocol, instead of opening without one. */
  readonly subprotocolRequired: boolean;
  /** Refuse clients that do not use TLS, also behind a trusted proxy. */
  readonly requireTls: boolean;
  /** Time for the `upgrade` hook to decide. */
  readonly upgradeTimeoutMs: number;
  /** Answer offers of permessage-deflate: `true` for the defaults. Off by default: it costs CPU. */
  readonly deflate: boolean | Partial<DeflateSettings>;
}

export const defaultHandshakeRules: HandshakeRules = {
  origins: "*",
  allowMissingOrigin: true,
  allowedHosts: undefined,
  subprotocols: [],
  subprotocolPreference: "server",
  subprotocolRequired: false,
  requireTls: false,
  upgradeTimeoutMs: 10_000,
  deflate: false,
};

/** What an application gives for a path. */
export interface RouteOptions<Data = unknown>
  extends Partial<ConnectionSettings>,
    Partial<HandshakeRules>,
    ConnectionHandlers<Data> {
  /**
   * Decides on the handshake of a validated request. Returning without a decision accepts. Throwing answers 500, and
   * taking longer than `upgradeTimeoutMs` 503.
   */
  upgrade?(context: UpgradeContext<Data>): void | Promise<void>;
  /** The value of `connection.data` where the hook gave none. */
  data?(request: HandshakeRequest): Data;
}

export interface Route<Data = unknown> {
  readonly match: RouteMatcher;
  readonly options: RouteOptions<Data>;
  readonly rules: HandshakeRules;
  readonly upgradeRules: UpgradeRules;
  /** `undefined` where no compression is agreed to. */
  readonly deflate: DeflateSettings | undefined;
  readonly host: ConnectionHost<Data>;
  /** Hosts by the settings that a hook gave for single connections. */
  readonly hosts: WeakMap<Partial<ConnectionSettings>, ConnectionHost<Data>>;
}

/** Settings of the server that its routes inherit. */
export interface RouteDefaults {
  readonly settings: ConnectionSettings;
  readonly rules: HandshakeRules;
}

/**
 * Compiles a route.
 * @throws TypeError for a bad path pattern or a listed origin that is none.
 */
export function compileRoute<Data>(
  path: string | RegExp,
  options: RouteOptions<Data>,
  defaults: RouteDefaults,
  shared: Pick<ConnectionHost<Data>, "wheel" | "onClosed" | "report">,
): Route<Data> {
  const settings = overrideKnown(defaults.settings, options);
  const rules = overrideKnown(defaults.rules, options);
  const deflate = chooseDeflate(rules.deflate);
  return {
    match: compileRoutePath(path),
    options,
    rules,
    upgradeRules: {
      origins: createOriginPolicy(rules.origins, { allowMissingOrigin: rules.allowMissingOrigin }),
      ...(rules.allowedHosts && { allowedHosts: rules.allowedHosts }),
    },
    deflate,
    host: { ...shared, handlers: options, settings, compression: deflate ?? defaultDeflateSettings },
    hosts: new WeakMap(),
  };
}

/** The host for a connection whose hook gave settings of its own; one per settings object, not per connection. */
export function chooseHost<Data>(
  route: Route<Data>,
  settings: Partial<ConnectionSettings> | undefined,
): ConnectionHost<Data> {
  if (settings === undefined) return route.host;
  let host = route.hosts.get(settings);
  if (host === undefined) {
    host = { ...route.host, settings: overrideKnown(route.host.settings, settings) };
    route.hosts.set(settings, host);
  }
  return host;
}

function chooseDeflate(deflate: HandshakeRules["deflate"]): DeflateSettings | undefined {
  if (deflate === false) return undefined;
  return deflate === true ? defaultDeflateSettings : { ...defaultDeflateSettings, ...deflate };
}

/** The defaults with the values of `options` that carry the same names. */
export function overrideKnown<T extends object>(defaults: T, options: Partial<T>): T {
  const merged: T = { ...defaults };
  for (const key of Object.keys(defaults) as (keyof T)[]) {
    const value = options[key];
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}
