/**
 * The backend of the page: gives each tab a name, signs its subscription along with the node that it is on, publishes through
 * the HTTP API of whichever node is asked for, and kills and starts processes.
 *
 *   page ── POST /tabs ─────────────────→ who am I, and where is Antiphon?
 *   page ── POST /pusher/auth ──────────→ may I join? → a signature over { tab, name, node }
 *   page ── POST /events/alto ──────────→ pusher.trigger(…) to alto → all tabs, on whichever node
 *   page ── POST /processes/alto/kill ──→ kill -9
 *   page ── GET /cluster?after=12 ──────→ the state of all processes, and what has happened since entry 12
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import Pusher from "pusher";
import { servePage } from "./page-files.js";

const channel = "presence-cluster";
const longestBody = 16_384;
const keptTabs = 1000;
const {
  id: appId,
  key,
  secret,
} = JSON.parse(readFileSync(new URL("antiphon.json", import.meta.url), "utf8")).apps[0];

/** What a route throws to refuse a request with a status and a text that the page shows. */
class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Makes the HTTP server of the page; the caller listens. */
export function createDemoServer(cluster, journal) {
  /** By the token that the page proves itself with. */
  const tabs = new Map();
  let tabCount = 0;

  const routes = {
    "GET /cluster": ({ query }) => ({
      ...cluster.describe(),
      entries: journal.since(Number(query.get("after") ?? 0)),
    }),

    "POST /tabs": () => {
      const tab = { id: `tab-${++tabCount}`, name: `Tab ${tabCount}` };
      const token = randomUUID();
      tabs.set(token, tab);
      if (tabs.size > keptTabs) tabs.delete(tabs.keys().next().value);
      return { ...tab, token, key, channel, port: cluster.describe().proxy.port };
    },

    /**
     * pusher-js asks before it subscribes, and again whenever it has connected anew. Each connection is a member of its own here,
     * so that the page can show what happens to it. With the user's id in place of the socket's, as an application would have
     * it, nobody would see a tab move: a member stays while it has a connection anywhere.
     */
    "POST /pusher/auth": async ({ body, tab }) => {
      const form = new URLSearchParams(body);
      if (form.get("channel_name") !== channel) throw new Refusal(403, `The only channel is ${channel}.`);
      if (tab === undefined) throw new Refusal(403, "This tab is not known any more: reload it.");
      const socketId = form.get("socket_id") ?? "";
      const node = await cluster.findNode(socketId);
      if (node === undefined) throw new Refusal(403, "No node has let this connection in.");
      return pusherAt(node).authorizeChannel(socketId, channel, {
        user_id: socketId,
        user_info: { tab: tab.id, name: tab.name, node },
      });
    },

    "POST /events/:name": async ({ name, tab }) => {
      await pusherAt(name).trigger(channel, "announcement", { from: tab?.name ?? "Somebody", through: name });
      return {};
    },

    "POST /processes/:name/kill": ({ name }) => {
      if (!cluster.kill(name)) throw new Refusal(404, `There is no ${name} to be killed.`);
      return {};
    },

    "POST /processes/:name/start": async ({ name }) => {
      if (!(await cluster.restart(name))) throw new Refusal(404, `There is no ${name} to be started.`);
      return {};
    },
  };

  /** The SDK, aimed at this node's own port or at the proxy. */
  function pusherAt(name) {
    const port = cluster.findApiPort(name);
    if (port === undefined) throw new Refusal(404, `There is no ${name} to publish through.`);
    return new Pusher({
      appId,
      key,
      secret,
      host: "127.0.0.1",
      port: String(port),
      useTLS: false,
      timeout: 5000,
    });
  }

  async function serve(request, response) {
    const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://page");
    const [, first, name, ...rest] = pathname.split("/");
    const pattern = ["events", "processes"].includes(first)
      ? ["", first, ":name", ...rest].join("/")
      : pathname;
    const route = routes[`${request.method} ${pattern}`];
    if (route === undefined) return servePage(pathname, response);
    refuseOtherSites(request);
    const tab = tabs.get(request.headers.authorization?.replace("Bearer ", ""));
    answer(response, 200, await route({ query, name, tab, body: await readBody(request) }));
  }

  return createServer((request, response) => {
    serve(request, response).catch((error) => answer(response, ...explain(error)));
  });
}

/** Any page on the web can send requests to this machine; only ours may kill processes on it. */
function refuseOtherSites({ headers }) {
  const own = `http://${headers.host}`;
  if (headers.origin !== undefined && headers.origin !== own)
    throw new Refusal(403, "This is for the page itself.");
}

async function readBody(request) {
  request.setEncoding("utf8");
  let body = "";
  for await (const chunk of request) {
    body += chunk;
    if (body.length > longestBody) throw new Refusal(413, "The request is too large.");
  }
  return body;
}

function answer(response, status, value) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** The status and the body that an error is answered with. */
function explain(error) {
  if (error instanceof Refusal) return [error.status, { error: error.message }];
  // The SDK's error carries what the node answered, or why it could not be reached.
  if (error instanceof Pusher.RequestError) {
    return [502, { error: `Not published: ${error.body ?? error.error?.code ?? error.message}` }];
  }
  console.error(error);
  return [500, { error: error.message }];
}
