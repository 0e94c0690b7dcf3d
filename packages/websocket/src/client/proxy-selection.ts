/**
 * Which proxy an attempt goes through: the caller's option, the target and, only where the option says so, the
 * environment in; the proxy to dial, or none, out.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { FailureError } from "../failures/failure.ts";
import type { HeaderLine } from "../protocol/header-fields.ts";
import type { ClientTlsOptions, ConnectOptions, ProxyOptions } from "./connect-options.ts";
import { formatBasicCredentials, type WebSocketTarget } from "./websocket-url.ts";

export interface Proxy {
  readonly isSecure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** For CONNECT, the credentials included. */
  readonly headers: readonly HeaderLine[];
  readonly tls: ClientTlsOptions | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Selects the proxy for `target`.
 * @throws FailureError `proxy-url-invalid`.
 */
export function selectProxy(
  option: ConnectOptions["proxy"],
  target: WebSocketTarget,
  environment: Environment,
): Proxy | undefined {
  if (option === undefined) return undefined;
  if (option === "environment") {
    const url = readEnvironment(target, environment);
    return url === undefined ? undefined : parseProxy({ url });
  }
  return parseProxy(typeof option === "string" || option instanceof URL ? { url: option } : option);
}

function parseProxy({ url, headers = [], tls }: ProxyOptions): Proxy {
  const text = String(url);
  if (!URL.canParse(text)) throw invalid("its URL does not parse");
  const parsed = new URL(text);
  const isSecure = parsed.protocol === "https:";
  if (!isSecure && parsed.protocol !== "http:") throw invalid(`${parsed.protocol} is not a proxy scheme`);
  const authorization = formatBasicCredentials(parsed);
  return {
    isSecure,
    hostname: parsed.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: parsed.port === "" ? (isSecure ? 443 : 80) : Number(parsed.port),
    headers: authorization === undefined ? headers : [["Proxy-Authorization", authorization], ...headers],
    tls,
  };
}

function readEnvironment(target: WebSocketTarget, environment: Environment): string | undefined {
  if (isExempt(target, environment["no_proxy"] ?? environment["NO_PROXY"] ?? "")) return undefined;
  // HTTP_PROXY in capitals is left out: in CGI programs a request header can set it.
  const names = target.isSecure
    ? ["wss_proxy", "WSS_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    : ["ws_proxy", "WS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"];
  const url = names.map((name) => environment[name]).find((value) => value !== undefined && value !== "");
  return url === undefined || url.includes("://") ? url : `http://${url}`;
}

/** `no_proxy`: names, which stand for their subdomains too, with or without a port; `*` is everything. */
function isExempt(target: WebSocketTarget, list: string): boolean {
  const hostname = target.hostname.toLowerCase();
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === "*") return true;
      const [, name = "", port] = /^\*?\.?(\[[^\]]*\]|[^:]*|[^:]*:[^:]*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (name === "" || (port !== undefined && Number(port) !== target.port)) return false;
      const bare = name.replace(/^\[(.*)\]$/, "$1");
      return hostname === bare || hostname.endsWith(`.${bare}`);
    });
}

function invalid(problem: string): FailureError {
  return new FailureError(engineFailures.create("proxy-url-invalid", { problem }));
}
