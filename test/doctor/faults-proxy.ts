/** Real proxies before a real Antiphon, set up as people set them up wrong. */
import { findFreePort } from "../support/free-port.ts";
import type { Fault, FaultGroup } from "./fault.ts";

const proxy = "the fault of a proxy (proved)";
const likelyProxy = "the fault of a proxy (likely)";
const pass = "proxy_pass http://127.0.0.1:%UPSTREAM%;";
const upgrade = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';
const directives =
  "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection";

type NginxRow = readonly [
  title: string,
  location: string,
  failure: string,
  fault: string,
  fix: string,
  idleMs?: number,
];

const nginxRows: readonly NginxRow[] = [
  ["without a word about WebSockets", pass, "proxy-http10-upstream", proxy, directives],
  [
    "with HTTP/1.1 but without the Upgrade header",
    `${pass} proxy_http_version 1.1;`,
    "proxy-stripped-upgrade",
    proxy,
    directives,
  ],
  [
    "with the Upgrade header but HTTP/1.0",
    `${pass} ${upgrade}`,
    "proxy-http10-upstream",
    proxy,
    "proxy_http_version 1.1",
  ],
  [
    "with HTTP/1.0 and X-Forwarded-For",
    `${pass} ${upgrade} proxy_set_header X-Forwarded-For $remote_addr;`,
    "proxy-http10-upstream",
    proxy,
    "proxy_http_version 1.1",
  ],
  [
    "with Upgrade but without Connection",
    `${pass} proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;`,
    "handshake-connection-token-missing",
    proxy,
    directives,
  ],
  [
    "that removes Sec-WebSocket-Key",
    `${pass} proxy_http_version 1.1; ${upgrade} proxy_set_header Sec-WebSocket-Key "";`,
    "handshake-key-missing",
    proxy,
    "in nginx",
  ],
  [
    "with proxy_read_timeout 2s",
    `${pass} proxy_http_version 1.1; ${upgrade} proxy_read_timeout 2s;`,
    "proxy-idle-timeout",
    likelyProxy,
    "proxy_read_timeout 3600s;",
    4000,
  ],
  [
    "that limits the rate",
    `${pass} limit_req zone=all; limit_req_status 429;`,
    "response-rate-limited",
    "the fault of the client (proved)",
    "use backoff",
  ],
  [
    "that asks for a password",
    "return 401;",
    "response-unauthorized",
    "the fault of the client (proved)",
    "token",
  ],
];

const nginx: readonly Fault[] = [
  ...nginxRows.map(
    ([title, location, failure, fault, fix, idleMs = 0]): Fault => ({
      seenBy: "doctor",
      title: `nginx ${title}`,
      needs: "nginx",
      expected: { failure, fault, fix },
      arrange: async (lab) => {
        const started = await lab.proxy("nginx", `location / { ${location} }`);
        // The limit of one a minute takes the first request.
        if (location.includes("limit_req")) await fetch(`http://127.0.0.1:${started.port}/`);
        return { url: lab.appUrl(started), options: { idleMs } };
      },
    }),
  ),
  {
    seenBy: "doctor",
    title: "nginx before a server that is down",
    needs: "nginx",
    expected: { failure: "response-gateway-error", fault: proxy, fix: "check the address in proxy_pass" },
    arrange: async (lab) => {
      const down = await findFreePort();
      return {
        url: lab.appUrl(await lab.proxy("nginx", `location / { proxy_pass http://127.0.0.1:${down}; }`)),
      };
    },
  },
  {
    seenBy: "doctor",
    title: "nginx without a location for the path",
    needs: "nginx",
    expected: {
      failure: "response-not-found",
      fault: "the fault of the client (proved)",
      fix: "location /app/ { proxy_pass",
    },
    arrange: async (lab) => ({ url: lab.appUrl(await lab.proxy("nginx", "location /ws { return 200; }")) }),
  },
];

type HaproxyRow = readonly [
  title: string,
  lines: string,
  failure: string,
  fault: string,
  fix: string,
  idleMs?: number,
];

const haproxyRows: readonly HaproxyRow[] = [
  [
    "that deletes Upgrade",
    "http-request del-header upgrade\n  server a 127.0.0.1:%UPSTREAM%",
    "proxy-stripped-upgrade",
    proxy,
    "set both explicitly towards the backend",
  ],
  [
    "with timeout tunnel 1s",
    "timeout tunnel 1s\n  server a 127.0.0.1:%UPSTREAM%",
    "proxy-idle-timeout",
    likelyProxy,
    "raise the limit",
    3000,
  ],
  [
    "without a server",
    "server a 127.0.0.1:1 disabled",
    "response-unavailable",
    "the fault of the server or a proxy (likely)",
    "in HAProxy: check the server line",
  ],
  [
    "that denies the path",
    "http-request deny if { path_beg /app }",
    "response-forbidden",
    "the fault of the client (proved)",
    "blocked address",
  ],
];

const haproxy: readonly Fault[] = haproxyRows.map(([title, lines, failure, fault, fix, idleMs = 0]) => ({
  seenBy: "doctor",
  title: `HAProxy ${title}`,
  needs: "haproxy",
  expected: { failure, fault, fix },
  arrange: async (lab) => ({ url: lab.appUrl(await lab.proxy("haproxy", lines)), options: { idleMs } }),
}));

export const proxyFaults: readonly FaultGroup[] = [
  { title: "nginx before the server", faults: nginx },
  { title: "HAProxy before the server", faults: haproxy },
];
