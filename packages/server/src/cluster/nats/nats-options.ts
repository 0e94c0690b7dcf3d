/**
 * How to reach NATS: settings in, the options of its client out, or the failure that says which setting is wrong. The one
 * place that knows both. Used by whoever makes a connection, and by the configuration to check what it was given.
 */
import { readFile } from "node:fs/promises";
import type { Failure } from "@antiphon/websocket";
import {
  type Authenticator,
  credsAuthenticator,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from "@nats-io/transport-node";
import { natsFailures } from "../../failures/nats-failures.ts";

/** One of user, token, nkey and credentials file, or none. */
export interface NatsOptions {
  /** `host`, `host:port`, `nats://host:port` or `tls://host:port`, with `user:password@` or `token@` if need be. */
  readonly servers: readonly string[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** File with the seed of an nkey. */
  readonly nkeyFile?: string | undefined;
  /** File as `nsc` makes it: a JWT and the seed of its user. */
  readonly credentialsFile?: string | undefined;
  /** Files in PEM, read again for each connection. Present, even empty: no connection without TLS. */
  readonly tls?:
    | {
        readonly ca?: string | undefined;
        readonly cert?: string | undefined;
        readonly key?: string | undefined;
      }
    | undefined;
  /** For each step of making a connection with one server. */
  readonly connectTimeoutMs: number;
  /** First token of all subjects and of the names of streams and buckets: clusters with different ones do not meet. */
  readonly prefix: string;
  /** Servers that keep what JetStream stores: 1, or 3 or 5 where NATS is a cluster. */
  readonly replicas: number;
}

export const natsDefaults = {
  servers: ["127.0.0.1:4222"],
  connectTimeoutMs: 5000,
  prefix: "antiphon",
  replicas: 1,
} as const satisfies NatsOptions;

/** Where one server is. */
export interface NatsServer {
  /** Without brackets, if it is an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** Fit for logs. */
  readonly address: string;
}

/** Options that can work. */
export interface NatsTarget {
  readonly servers: readonly NatsServer[];
  readonly connectTimeoutMs: number;
  readonly prefix: string;
  readonly replicas: number;
  /** Files in PEM. Absent: TLS only if the server asks for it. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  readonly credentials: NatsCredentials;
}

/** How a node says who it is. */
export interface NatsCredentials {
  /** `as user antiphon`, `with a token`, …: fit for logs. */
  readonly identity: string;
  /** Options of the client, but for what stands in a file. Secret. */
  readonly client: Pick<NodeConnectionOptions, "user" | "pass" | "token">;
  readonly file?: {
    readonly path: string;
    readonly authenticate: (content: Uint8Array) => Authenticator;
  };
}

const defaultPort = 4222;
const maxServers = 64;
const maxConnectTimeoutMs = 60_000;
const maxReplicas = 5;
const hostPattern = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/;

/** Checks the options; the first that cannot be used is told. Touches no file and no network. */
export function resolveNatsOptions(options: NatsOptions): NatsTarget | Failure {
  if (options.servers.length === 0 || options.servers.length > maxServers) {
    return invalid("servers", `1 to ${maxServers} are needed`);
  }
  // A prefix becomes a token of subjects and a part of the names of streams, which allow less.
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(options.prefix)) {
    return invalid("prefix", "it must be 1 to 32 letters, digits, hyphens and underscores");
  }
  if (!isWithin(options.connectTimeoutMs, maxConnectTimeoutMs)) {
    return invalid("connectTimeoutMs", `it must be a whole number from 1 to ${maxConnectTimeoutMs}`);
  }
  if (!isWithin(options.replicas, maxReplicas)) {
    return invalid("replicas", `it must be a whole number from 1 to ${maxReplicas}`);
  }
  const { tls } = options;
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    return invalid("tls", "a certificate and its private key belong together");
  }
  const urls: URL[] = [];
  for (const text of options.servers) {
    const url = parseServer(text);
    // The text is not told: it may hold a password.
    if (url === undefined)
      return invalid("servers", `entry ${urls.length + 1} is not the address of a server`);
    urls.push(url);
  }
  const credentials = chooseCredentials(options, urls);
  if ("name" in credentials) return credentials;
  const requiresTls = tls !== undefined || urls.some(({ protocol }) => protocol === "tls:");
  return {
    servers: urls.map(describeServer),
    connectTimeoutMs: options.connectTimeoutMs,
    prefix: options.prefix,
    replicas: options.replicas,
    tls: requiresTls ? withoutUndefined(tls ?? {}) : undefined,
    credentials,
  };
}

/**
 * Makes the options of the client, for any server, with secrets inside. Reads the files anew, so that renewed certificates
 * count. Rejects if one cannot be read or makes no sense.
 */
export async function loadClientOptions(target: NatsTarget): Promise<NodeConnectionOptions> {
  const { tls, credentials, connectTimeoutMs } = target;
  const options: NodeConnectionOptions = { ...credentials.client, timeout: connectTimeoutMs };
  if (credentials.file !== undefined) {
    const authenticator = credentials.file.authenticate(await readFile(credentials.file.path));
    // Tried here: the client does not survive one that throws.
    authenticator("nonce");
    options.authenticator = authenticator;
  }
  if (tls !== undefined) {
    // Not as paths: while the client reads files, nothing listens for errors of its socket.
    const texts = Object.entries(tls).map(
      async ([name, path]) => [name, await readFile(path, "utf8")] as const,
    );
    options.tls = Object.fromEntries(await Promise.all(texts));
  }
  return options;
}

/** What logs may show of the options: `NATS at a:4222, b:4222 as user antiphon, with TLS`. */
export function describeNats({ servers, credentials, tls }: NatsTarget): string {
  const addresses = servers.map(({ address }) => address).join(", ");
  return `NATS at ${addresses} ${credentials.identity}${tls === undefined ? "" : ", with TLS"}`;
}

function withoutUndefined(tls: NonNullable<NatsOptions["tls"]>): NonNullable<NatsTarget["tls"]> {
  return Object.fromEntries(Object.entries(tls).filter(([, path]) => path !== undefined));
}

function isWithin(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max;
}

function parseServer(text: string): URL | undefined {
  const scheme = /^(?:(nats|tls):\/\/)?[^\s/]+\/?$/i.exec(text);
  if (scheme === null) return undefined;
  const withScheme = scheme[1] === undefined ? `nats://${text}` : text;
  if (!URL.canParse(withScheme)) return undefined;
  const url = new URL(withScheme);
  if (!hostPattern.test(url.hostname) || url.search !== "" || url.hash !== "" || url.port === "0")
    return undefined;
  return hasReadableCredentials(url) ? url : undefined;
}

function hasReadableCredentials({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** `host:port`, as servers tell it; `undefined` if it is not. */
export function readServerAddress(text: string): NatsServer | undefined {
  const url = parseServer(text);
  return url === undefined ? undefined : describeServer(url);
}

function describeServer({ hostname, port }: URL): NatsServer {
  const number = port === "" ? defaultPort : Number(port);
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: number, address: `${hostname}:${number}` };
}

/** Those of the settings or those of the URLs: one way, and for all servers the same. */
function chooseCredentials(options: NatsOptions, urls: readonly URL[]): NatsCredentials | Failure {
  const { username, password, token, nkeyFile, credentialsFile } = options;
  if (password !== undefined && username === undefined) return invalid("password", "there is no username");
  const ways: NatsCredentials[] = [];
  if (username !== undefined) ways.push(userCredentials(username, password));
  if (token !== undefined) ways.push(tokenCredentials(token));
  if (nkeyFile !== undefined) {
    const authenticate = (seed: Uint8Array): Authenticator => nkeyAuthenticator(trimBytes(seed));
    ways.push({ identity: "with an nkey", client: {}, file: { path: nkeyFile, authenticate } });
  }
  if (credentialsFile !== undefined) {
    const file = {
      path: credentialsFile,
      authenticate: (content: Uint8Array) => credsAuthenticator(content),
    };
    ways.push({ identity: "with a credentials file", client: {}, file });
  }
  const named = urls.filter((url) => url.username !== "");
  if (named[0] !== undefined) {
    const { username: first, password: second } = named[0];
    if (named.some((url) => url.username !== first || url.password !== second)) {
      return invalid("servers", "all must have the same credentials");
    }
    const user = decodeURIComponent(first);
    ways.push(second === "" ? tokenCredentials(user) : userCredentials(user, decodeURIComponent(second)));
  }
  if (ways.length > 1) {
    return invalid(
      "credentials",
      "one of user, token, nkey, credentials file and those in the addresses is enough",
    );
  }
  return ways[0] ?? { identity: "without credentials", client: {} };
}

function userCredentials(user: string, pass: string | undefined): NatsCredentials {
  return { identity: `as user ${user}`, client: { user, ...(pass === undefined ? {} : { pass }) } };
}

function tokenCredentials(token: string): NatsCredentials {
  return { identity: "with a token", client: { token } };
}

function trimBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString("latin1").trim());
}

function invalid(setting: string, problem: string): Failure {
  return natsFailures.create("cluster-nats-options-invalid", { setting, problem });
}
