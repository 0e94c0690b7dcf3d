import { describe, expect, it } from "vitest";
import { findFingerprints } from "./fingerprints.ts";
import { describeDirectives } from "./proxy-directives.ts";

const products = (...headers: readonly string[]): string[] =>
  findFingerprints(headers).map(({ product }) => product);

describe("fingerprints", () => {
  it.each([
    [["Server", "nginx/1.27.0"], "nginx"],
    [["Server", "openresty"], "nginx"],
    [["CF-RAY", "8a1b-FRA"], "Cloudflare"],
    [["X-Amz-Cf-Id", "abc"], "AWS CloudFront"],
    [["Server", "awselb/2.0"], "AWS ALB"],
    [["x-amzn-RequestId", "1"], "AWS API Gateway"],
    [["Via", "1.1 vegur"], "Heroku"],
    [["Via", "1.1 google"], "Google Front End"],
    [["X-Azure-Ref", "1"], "Azure Front Door"],
    [["server", "envoy"], "Envoy"],
    [["X-Varnish", "1 2"], "Varnish"],
    [["Via", "1.1 proxy (squid/5.7)"], "Squid"],
    [["Server", "Caddy"], "Caddy"],
    [["Server", "Microsoft-IIS/10.0"], "IIS"],
    [["Server", "Apache/2.4.62 (Debian)"], "Apache httpd"],
  ])("%j is %s", (headers, product) => {
    expect(products(...headers)).toEqual([product]);
  });

  it("name each product once, the nearest to the client first", () => {
    expect(products("Server", "cloudflare", "CF-RAY", "1", "Via", "1.1 varnish")).toEqual([
      "Cloudflare",
      "Varnish",
    ]);
  });

  it("know HAProxy by the pages it writes", () => {
    const page =
      "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n";
    expect(findFingerprints([], page)).toEqual([
      { product: "HAProxy", shownBy: "the wording of its error page" },
    ]);
  });

  it("find nothing in an answer without marks", () => {
    expect(products("Server", "gunicorn", "Content-Type", "text/html")).toEqual([]);
  });
});

describe("directives", () => {
  it("are those of the nearest product that has any", () => {
    expect(describeDirectives("upgrade", ["Fastly", "Envoy", "nginx"])).toMatch(/^in Envoy: upgrade_configs/);
  });

  it("are those of nginx, as an example, for an unknown proxy", () => {
    expect(describeDirectives("idle", [])).toBe(
      "in nginx, for example: proxy_read_timeout 3600s; proxy_send_timeout 3600s;",
    );
  });
});
