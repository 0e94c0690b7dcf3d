/** Who cuts silent connections after how long: a silence in, the likely culprit out. */
import { type CloseReport, engineFailures, type Failure } from "@antiphon/websocket";
import type { Fingerprint, Product } from "./fingerprints.ts";
import { describeDirectives } from "./proxy-directives.ts";
import { nameEnd } from "./watch-frames.ts";

/** Default idle limits, in seconds. */
const usualLimits: Readonly<Record<number, string>> = {
  30: "HAProxy (timeout tunnel), or a server's own limit",
  50: "HAProxy (timeout server 50s of its examples)",
  55: "Heroku's router",
  60: "nginx (proxy_read_timeout), an AWS load balancer, or a server's own limit",
  75: "nginx (keepalive_timeout)",
  100: "Cloudflare",
  120: "IIS, or a server's own limit",
  180: "Traefik",
  230: "Azure App Service",
  240: "the Azure load balancer",
  300: "Envoy (stream_idle_timeout), or a firewall",
  350: "the AWS network load balancer or NAT gateway",
  600: "AWS API Gateway, or Google Cloud",
  900: "a firewall",
  3600: "a firewall, or HAProxy (timeout tunnel 1h)",
};

/** Timers of proxies run in whole seconds and fire a little late. */
const earlyMs = 60;
const lateMs = 400;

/** What cut a connection that nobody used: `silentMs` after the last byte either way. */
export function nameIdleCut(
  report: CloseReport,
  silentMs: number,
  fingerprints: readonly Fingerprint[],
): Failure {
  if (report.received) return nameEnd(report);
  const seconds = Math.round(silentMs / 1000);
  const offMs = silentMs - seconds * 1000;
  const isRound = seconds > 0 && offMs >= -earlyMs && offMs <= lateMs;
  if (!isRound) return nameEnd(report);
  const products = fingerprints.map(({ product }) => product);
  return nameProxy(seconds, products);
}

function nameProxy(silentSeconds: number, products: readonly Product[]): Failure {
  const [nearest] = products;
  const product = nearest ?? usualLimits[silentSeconds] ?? "a proxy or of the server";
  const failure = engineFailures.create("proxy-idle-timeout", { silentSeconds, product });
  return { ...failure, fix: `${failure.fix.replace(/\.$/, "")}; ${describeDirectives("idle", products)}` };
}
