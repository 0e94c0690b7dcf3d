/**
 * Whether a page's origin may connect: an `Origin` header and the app's patterns in, yes or no out. Patterns with `://`
 * match scheme, host and port; others match the host, or host and port if they name one.
 *
 * `*` alone allows everything. A leading `*.` stands for one or more labels; any other `*` for one or more characters of
 * one label, so that `example.*` does not allow `example.com.evil.org`.
 */

/** The parts of an origin, in lower case. A port that is the default of the scheme is left out. */
interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

const maxOriginLength = 512;
const defaultPorts: Readonly<Record<string, string>> = { http: "80", https: "443", ws: "80", wss: "443" };

/** Whether one of the patterns allows this origin. The origin `null` is allowed only by `*` or a literal `null`. */
export function isOriginAllowed(origin: string, patterns: readonly string[]): boolean {
  if (patterns.includes("*")) return true;
  if (origin.length > maxOriginLength) return false;
  const parsed = parseOrigin(origin.toLowerCase());
  for (const pattern of patterns) {
    if (pattern.toLowerCase() === origin.toLowerCase()) return true;
    if (parsed && matchesPattern(parsed, pattern.toLowerCase())) return true;
  }
  return false;
}

function parseOrigin(text: string): Origin | undefined {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[^:/?#@[\]\s]+)(?::(\d{1,5}))?$/.exec(text);
  const [, scheme, host, port] = parts ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  return { scheme, host, port: withoutDefault(scheme, port) };
}

function matchesPattern(origin: Origin, pattern: string): boolean {
  const separator = pattern.indexOf("://");
  const scheme = separator < 0 ? undefined : pattern.slice(0, separator);
  const authority = (separator < 0 ? pattern : pattern.slice(separator + 3)).replace(/\/$/, "");
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  if (host === undefined || !matchesHost(origin.host, host)) return false;
  if (scheme === undefined) {
    if (port === undefined || port === "*") return true;
    return port === (origin.port === "" ? defaultPorts[origin.scheme] : origin.port);
  }
  if (scheme !== "*" && scheme !== origin.scheme) return false;
  return port === "*" || withoutDefault(origin.scheme, port) === origin.port;
}

function matchesHost(host: string, pattern: string): boolean {
  if (!pattern.includes("*")) return host === pattern;
  const anyDepth = pattern.startsWith("*.");
  const rest = (anyDepth ? pattern.slice(2) : pattern)
    .split("*")
    .map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[^.]+");
  return new RegExp(`^${anyDepth ? "(?:[^.]+\\.)+" : ""}${rest}$`).test(host);
}

function withoutDefault(scheme: string, port: string | undefined): string {
  return port === undefined || port === defaultPorts[scheme] ? "" : port;
}
