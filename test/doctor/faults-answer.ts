/** Answers to the handshake that are not a 101, or not HTTP. */
import type { Fault, FaultGroup } from "./fault.ts";

const doctor = { seenBy: "doctor" } as const;
const server = "the fault of the server (proved)";
const serverOrProxy = "the fault of the server or a proxy (proved)";
const client = "the fault of the client (proved)";

type StatusRow = readonly [
  title: string,
  status: string,
  failure: string,
  fault: string,
  fix: string,
  headers?: string,
  body?: string,
];

const statusRows: readonly StatusRow[] = [
  [
    "an ordinary page",
    "200 OK",
    "response-status-200",
    serverOrProxy,
    "correct the path or the proxy rule",
    "",
    "<html>Welcome</html>",
  ],
  [
    "a redirect to https",
    "301 Moved Permanently",
    "response-redirect",
    serverOrProxy,
    "use wss://example.com/app directly",
    "Location: https://example.com/app",
  ],
  [
    "a redirect to another path",
    "302 Found",
    "response-redirect",
    serverOrProxy,
    "use the final URL directly",
    "Location: /app/",
  ],
  [
    "400 with a reason",
    "400 Bad Request",
    "response-bad-request",
    client,
    "its body usually names it",
    "",
    "Sec-WebSocket-Key is bad",
  ],
  [
    "401",
    "401 Unauthorized",
    "response-unauthorized",
    client,
    "refresh the token",
    "WWW-Authenticate: Bearer",
  ],
  ["403", "403 Forbidden", "response-forbidden", client, "wrong origin, blocked address"],
  ["404", "404 Not Found", "response-not-found", client, "wrong path, or the proxy has no rule for it"],
  [
    "405",
    "405 Method Not Allowed",
    "response-status-not-101",
    serverOrProxy,
    "read the status and body",
    "Allow: POST",
  ],
  [
    "426, and only a draft of 2011 is spoken",
    "426 Upgrade Required",
    "response-upgrade-required",
    "the fault of the client or a proxy (proved)",
    "otherwise update the server",
    "Sec-WebSocket-Version: 8",
  ],
  [
    "429",
    "429 Too Many Requests",
    "response-rate-limited",
    client,
    "wait for Retry-After",
    "Retry-After: 30",
  ],
  ["500", "500 Internal Server Error", "response-server-error", server, "see its log"],
  [
    "502 of an unknown proxy",
    "502 Bad Gateway",
    "response-gateway-error",
    "the fault of a proxy (proved)",
    "check the address in proxy_pass",
  ],
  ["503", "503 Service Unavailable", "response-unavailable", server, "server full or restarting; wait"],
  [
    "504 of Cloudflare",
    "504 Gateway Timeout",
    "response-gateway-error",
    "the fault of a proxy (proved)",
    "in Cloudflare: check that the origin answers",
    "CF-RAY: 8a1b2c3d4e5f-FRA\nServer: cloudflare",
  ],
  [
    "511 of a captive portal",
    "511 Network Authentication Required",
    "proxy-injected-html",
    "the fault of a proxy or the network (likely)",
    "use wss:// and check the network",
  ],
];

/** Servers that did not see an Upgrade header say so in many ways. */
const stripped: readonly (readonly [
  title: string,
  status: string,
  headers: string,
  body: string,
  fix: string,
])[] = [
  [
    "426 of a server behind nginx",
    "426 Upgrade Required",
    "Server: nginx/1.27",
    "Upgrade Required",
    "proxy_set_header Upgrade $http_upgrade;",
  ],
  [
    "400 of a Go server behind Apache httpd",
    "400 Bad Request",
    "Server: Apache/2.4.62",
    "Bad Request\nwebsocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
    "upgrade=websocket",
  ],
  [
    "400 of a Node server behind CloudFront",
    "400 Bad Request",
    "Via: 1.1 abc.cloudfront.net (CloudFront)",
    'Can "Upgrade" only to "WebSocket".',
    "AllViewer",
  ],
];

const statuses: readonly Fault[] = [
  ...statusRows.map(
    ([title, status, failure, fault, fix, headers, body]): Fault => ({
      ...doctor,
      title: `the server answers ${title}`,
      expected: { failure, fault, fix },
      arrange: (lab) => lab.answeringStatus(status, headers, body),
    }),
  ),
  ...stripped.map(
    ([title, status, headers, body, fix]): Fault => ({
      ...doctor,
      title: `the Upgrade header is lost: ${title}`,
      expected: { failure: "proxy-stripped-upgrade", fault: "the fault of a proxy (likely)", fix },
      arrange: (lab) => lab.answeringStatus(status, headers, body),
    }),
  ),
];

const notHttp: readonly Fault[] = [
  {
    ...doctor,
    title: "another protocol speaks on the port",
    expected: {
      failure: "response-malformed-http",
      fault: server,
      fix: "check host and port: another service answers",
    },
    arrange: (lab) => lab.answering("SSH-2.0-OpenSSH_9.6\n"),
  },
  {
    ...doctor,
    title: "an HTML page without HTTP",
    expected: {
      failure: "proxy-injected-html",
      fault: "the fault of a proxy or the network (likely)",
      fix: "use wss:// and check the network",
    },
    arrange: (lab) => lab.answering("<!DOCTYPE html><html><body>Blocked</body></html>"),
  },
  {
    ...doctor,
    title: "the server pushes before its handshake answer",
    expected: {
      failure: "server-frame-before-101",
      fault: server,
      fix: "send from the open handler instead",
    },
    arrange: async (lab) => {
      const { port } = await lab.serve(
        (_, socket) => void socket.write(Buffer.from("810548656c6c6f", "hex")),
      );
      return { url: `ws://127.0.0.1:${port}/` };
    },
  },
  {
    ...doctor,
    title: "the head of the answer never ends",
    expected: {
      failure: "response-headers-too-large",
      fault: server,
      fix: "too many or too large headers, mostly cookies",
    },
    arrange: (lab) =>
      lab.answering(`HTTP/1.1 101 Switching Protocols\nSet-Cookie: a=${"x".repeat(20_000)}\n\n`),
  },
  {
    ...doctor,
    title: "the server hangs up without an answer",
    expected: {
      failure: "response-closed-early",
      fault: serverOrProxy,
      fix: "look into its error log at this second",
    },
    arrange: (lab) => lab.answering(""),
  },
  {
    ...doctor,
    title: "the server resets the connection in the middle of its answer",
    expected: {
      failure: "response-closed-early",
      fault: serverOrProxy,
      fix: "look into its error log at this second",
    },
    arrange: async (lab) => {
      const { port } = await lab.serve((_, socket) => {
        socket.write("HTTP/1.1 101 Swi", () => socket.resetAndDestroy());
      });
      return { url: `ws://127.0.0.1:${port}/` };
    },
  },
  {
    ...doctor,
    title: "the server never answers",
    expected: {
      failure: "response-timeout",
      fault: "the fault of the server or the network (proved)",
      fix: "check event-loop stalls and the handshake hook",
    },
    arrange: async (lab) => {
      const { port } = await lab.serve(() => {});
      return { url: `ws://127.0.0.1:${port}/`, options: { timeoutMs: 200 } };
    },
  },
];

export const answerFaults: readonly FaultGroup[] = [
  { title: "A status other than 101", faults: statuses },
  { title: "No HTTP answer", faults: notHttp },
];
