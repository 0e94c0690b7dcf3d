/**
 * Which app on which server: what the flags of `doctor`, `subscribe` and `trigger` say in, the WebSocket URL, the address of
 * the HTTP API and the credentials out. Without any flags it is the development app of a server on this machine.
 */
import { developmentApp } from "../config/complete-apps.ts";

/** An app's credentials, as far as they are known. */
export interface AppCredentials {
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
}

/** What the flags say. */
export interface TargetFlags extends Partial<AppCredentials> {
  /** `ws:`, `wss:`, `http:` or `https:`; may end in `/app/KEY`, and may have a path prefix before it. */
  readonly url?: string;
  readonly host?: string;
  readonly port?: string;
}

export interface PusherTarget extends AppCredentials {
  /** With `/app/KEY` and the protocol version. */
  readonly socketUrl: string;
  /** Without a slash at the end; a path prefix is part of it. */
  readonly apiUrl: string;
}

/** Sent with every connection, so that servers can tell these tools from clients. */
export const clientName = "antiphon-cli";

const appPath = /^(.*)\/app\/([^/]+)\/?$/;

/** The target, or a sentence that says which flag cannot be used. */
export function readTarget(flags: TargetFlags): PusherTarget | { readonly problem: string } {
  const address = readAddress(flags);
  if ("problem" in address) return address;
  const { url } = address;
  const [, prefix = url.pathname.replace(/\/$/, ""), urlKey] = appPath.exec(url.pathname) ?? [];
  const key = flags.key ?? (urlKey === undefined ? undefined : decodeURIComponent(urlKey));
  const credentials = completeCredentials({ ...flags, ...(key !== undefined && { key }) });
  if ("problem" in credentials) return credentials;
  const isSecure = url.protocol === "wss:" || url.protocol === "https:";
  const authority = `${url.host}${prefix}`;
  const query = `protocol=7&client=${clientName}`;
  return {
    ...credentials,
    socketUrl: `${isSecure ? "wss" : "ws"}://${authority}/app/${encodeURIComponent(credentials.key)}?${query}`,
    apiUrl: `${isSecure ? "https" : "http"}://${authority}`,
  };
}

/** Hosted Pusher serves its API on another host than its WebSockets; everybody else on the same. */
export function apiUrlFor(socketUrl: string): string {
  const url = new URL(socketUrl);
  const [, prefix = ""] = appPath.exec(url.pathname) ?? [];
  const isSecure = url.protocol === "wss:" || url.protocol === "https:";
  const host = url.host.replace(/^ws-([\w-]+)\.pusher\.com$/, "api-$1.pusher.com");
  return `${isSecure ? "https" : "http"}://${host}${prefix}`;
}

function readAddress({ url, host, port }: TargetFlags): { readonly url: URL } | { readonly problem: string } {
  if (url === undefined) {
    const name = host ?? "127.0.0.1";
    const text = `ws://${name.includes(":") && !name.startsWith("[") ? `[${name}]` : name}:${port ?? "6001"}`;
    return URL.canParse(text) ? { url: new URL(text) } : { problem: "--host and --port are not an address." };
  }
  if (host !== undefined || port !== undefined) return { problem: "--url already says host and port." };
  if (!URL.canParse(url) || !/^(?:ws|http)s?:$/.test(new URL(url).protocol)) {
    return { problem: "--url is not a ws://, wss://, http:// or https:// URL." };
  }
  return { url: new URL(url) };
}

/** The development app as a whole, or an app of which key, id and secret are given: never a mixture. */
function completeCredentials(flags: Partial<AppCredentials>): AppCredentials | { readonly problem: string } {
  const { appId, key, secret } = flags;
  const isDevelopmentApp =
    (key ?? developmentApp.key) === developmentApp.key && (appId ?? developmentApp.id) === developmentApp.id;
  if (isDevelopmentApp) {
    return { appId: developmentApp.id, key: developmentApp.key, secret: secret ?? developmentApp.secret };
  }
  if (key === undefined) return { problem: "--app-id needs --key." };
  return { appId: appId ?? "", key, secret: secret ?? "" };
}
