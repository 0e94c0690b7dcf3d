/** Which products an answer passed through, told from what they write into it. Nothing here is proved. */
import { HeaderFields } from "@antiphon/websocket/inspect";
import { shortenText } from "../cli/safe-text.ts";

/** Products whose settings the doctor knows. */
export type Product =
  | "nginx"
  | "HAProxy"
  | "Apache httpd"
  | "Caddy"
  | "Traefik"
  | "Envoy"
  | "Varnish"
  | "IIS"
  | "Cloudflare"
  | "AWS ALB"
  | "AWS CloudFront"
  | "AWS API Gateway"
  | "Heroku"
  | "Fastly"
  | "Google Front End"
  | "Azure Front Door"
  | "Squid";

export interface Fingerprint {
  readonly product: Product;
  /** The header line or wording that shows it. */
  readonly shownBy: string;
}

type Sign = readonly [product: Product, header: string, pattern: RegExp];

const signs: readonly Sign[] = [
  ["Cloudflare", "cf-ray", /./],
  ["Cloudflare", "server", /^cloudflare/i],
  ["AWS CloudFront", "x-amz-cf-id", /./],
  ["AWS CloudFront", "via", /cloudfront/i],
  ["AWS API Gateway", "x-amzn-requestid", /./],
  ["AWS API Gateway", "x-amz-apigw-id", /./],
  ["AWS ALB", "server", /^awselb/i],
  ["AWS ALB", "x-amzn-trace-id", /./],
  ["Heroku", "via", /vegur|heroku/i],
  ["Heroku", "server", /^(?:cowboy|heroku)/i],
  ["Fastly", "x-served-by", /^cache-/i],
  ["Google Front End", "via", /google/i],
  ["Google Front End", "server", /^(?:gfe|google frontend|ghs)/i],
  ["Azure Front Door", "x-azure-ref", /./],
  ["Envoy", "server", /^envoy/i],
  ["Envoy", "x-envoy-upstream-service-time", /./],
  ["Varnish", "x-varnish", /./],
  ["Varnish", "via", /varnish/i],
  ["Squid", "server", /^squid/i],
  ["Squid", "via", /squid/i],
  ["Traefik", "server", /^traefik/i],
  ["Caddy", "server", /^caddy/i],
  ["Caddy", "via", /caddy/i],
  ["IIS", "server", /^microsoft-iis/i],
  ["IIS", "x-powered-by", /^ARR/i],
  ["Apache httpd", "server", /^apache/i],
  ["nginx", "server", /^(?:nginx|openresty|tengine)/i],
];

/** Pages that HAProxy answers by itself say nothing in their headers, but are always the same. */
const haproxyPage =
  /<html><body><h1>\d{3} [^<]+<\/h1>\n(?:No server is available|The server didn't respond|Request forbidden|The server returned an invalid|Your browser)/;

/** The nearest to the client first, each product once. */
export function findFingerprints(rawHeaders: readonly string[], body = ""): Fingerprint[] {
  const fields = new HeaderFields(rawHeaders);
  const found = new Map<Product, Fingerprint>();
  for (const [product, header, pattern] of signs) {
    const value = fields.get(header);
    if (value === undefined || !pattern.test(value) || found.has(product)) continue;
    found.set(product, { product, shownBy: `${header}: ${shortenText(value, 60)}` });
  }
  if (haproxyPage.test(body))
    found.set("HAProxy", { product: "HAProxy", shownBy: "the wording of its error page" });
  return [...found.values()];
}
