/** The settings of known proxies that let WebSockets through, word for word as they stand in their configuration. */
import type { Product } from "./fingerprints.ts";

type Directives = Partial<Record<Product, string>>;

/** The handshake reaches the server as it was sent. */
const upgrade: Directives = {
  nginx:
    'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
  HAProxy:
    "HAProxy passes upgrades by itself: remove http-request del-header and set-header lines for Upgrade and Connection, and option httpclose",
  "Apache httpd":
    "ProxyPass /app http://127.0.0.1:6001/app upgrade=websocket (2.4.47 or later, mod_proxy_http)",
  Caddy: "Caddy passes upgrades by itself: remove header_up lines for Upgrade and Connection",
  Traefik: "Traefik passes upgrades by itself: remove the middleware that changes Upgrade or Connection",
  Envoy: "upgrade_configs: [{ upgrade_type: websocket }] in the http_connection_manager",
  Varnish:
    'in vcl_recv: if (req.http.Upgrade ~ "(?i)websocket") { return (pipe); } and in vcl_pipe: set bereq.http.Upgrade = req.http.Upgrade; set bereq.http.Connection = req.http.Connection;',
  IIS: 'install the WebSocket Protocol feature and set <webSocket enabled="true" /> in system.webServer',
  Cloudflare: "switch Network > WebSockets on for the zone",
  "AWS CloudFront": "attach the origin request policy AllViewer, which forwards the Sec-WebSocket-* headers",
  "AWS API Gateway":
    "an HTTP or REST API cannot upgrade: put a load balancer in its place, or a WebSocket API",
  "Azure Front Door": "use the Standard or Premium tier, which passes WebSockets",
};

/** Connections may be silent for an hour. */
const idle: Directives = {
  nginx: "proxy_read_timeout 3600s; proxy_send_timeout 3600s;",
  HAProxy: "timeout tunnel 1h",
  "Apache httpd": "ProxyTimeout 3600",
  Traefik: "--entryPoints.web.transport.respondingTimeouts.idleTimeout=3600s",
  Envoy: "stream_idle_timeout: 3600s",
  Varnish: "pipe_timeout=3600",
  "AWS ALB":
    "aws elbv2 modify-load-balancer-attributes --attributes Key=idle_timeout.timeout_seconds,Value=3600",
  Cloudflare: "the 100 s cannot be changed: ping more often",
  Heroku: "the 55 s cannot be changed: ping more often",
};

/** The proxy finds the server, and speaks to it. */
const backend: Directives = {
  nginx: "check the address in proxy_pass, and the reason in nginx's error.log",
  HAProxy:
    "check the server line of the backend, and its state with: echo 'show servers state' | socat stdio <the stats socket>",
  "Apache httpd": "check the address in ProxyPass, and the reason in error_log",
  Caddy: "check the address in reverse_proxy",
  Cloudflare: "check that the origin answers on this port for this host name",
  "AWS ALB": "check the health of the target group",
};

/** The proxy has a rule for this path. */
const route: Directives = {
  nginx:
    'location /app/ { proxy_pass http://127.0.0.1:6001; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; }',
  HAProxy: "use_backend <the WebSocket backend> if { path_beg /app/ }",
  "Apache httpd": "ProxyPass /app http://127.0.0.1:6001/app upgrade=websocket",
  Caddy: "reverse_proxy /app/* 127.0.0.1:6001",
};

const groups = { upgrade, idle, backend, route } as const;

/** What has to be let through. */
export type DirectiveGroup = keyof typeof groups;

/**
 * The settings of the nearest of these products that has any, as a clause that ends a fix; for an unknown proxy those of
 * nginx and, where they differ, of HAProxy.
 */
export function describeDirectives(group: DirectiveGroup, products: readonly Product[]): string {
  const directives = groups[group];
  const known = products.find((product) => directives[product] !== undefined);
  if (known !== undefined) return `in ${known}: ${directives[known]}`;
  return `in nginx, for example: ${directives.nginx}`;
}
