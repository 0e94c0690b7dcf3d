/**
 * The backend of the chat: serves the page, gives out identities, decides who may join the room, and publishes messages.
 * It holds no connection to any page: those are Antiphon's.
 *
 *   page ── POST /join ──────────→ who am I from now on?        → { id, name, token }
 *   page ── POST /pusher/auth ───→ may I join presence-chat?    → a signature that Antiphon verifies
 *   page ── POST /messages ──────→ tell everybody               → pusher.trigger(…) → Antiphon → all pages
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import Pusher from "pusher";
import { servePage } from "./page-files.js";

const room = "presence-chat";
const longestName = 40;
const longestMessage = 2000;
const longestBody = 16_384;

/** What a route throws to refuse a request with a status and a text that the page shows. */
class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Makes the HTTP server of the chat; the caller listens.
 *
 * @param {import("pusher").Options & { host: string, port: string, useTLS: boolean }} realtime
 *   the app and the address of the Antiphon server
 */
export function createChatServer(realtime) {
  const pusher = new Pusher(realtime);
  /** Who has joined, by the token that the page proves it with. A real application has its sessions here. */
  const visitors = new Map();

  const routes = {
    /** What pusher-js needs to know. Never the secret. */
    "GET /settings": () => {
      const { key, host, port, useTLS } = realtime;
      return { key, host, port: Number(port), useTLS, room };
    },

    "POST /join": (body) => {
      const name = readText(JSON.parse(body).name, "name", longestName);
      const visitor = { id: randomUUID(), name };
      const token = randomUUID();
      visitors.set(token, visitor);
      return { ...visitor, token };
    },

    /** pusher-js asks before it subscribes to a private or presence channel. */
    "POST /pusher/auth": (body, visitor) => {
      const form = new URLSearchParams(body);
      if (form.get("channel_name") !== room) throw new Refusal(403, `The only room is ${room}.`);
      const { id, name } = requireVisitor(visitor);
      return pusher.authorizeChannel(form.get("socket_id") ?? "", room, { user_id: id, user_info: { name } });
    },

    "POST /messages": async (body, visitor) => {
      const from = requireVisitor(visitor);
      const message = readText(JSON.parse(body).text, "message", longestMessage);
      await pusher.trigger(room, "message", { from, text: message, at: Date.now() });
      return {};
    },
  };

  async function serve(request, response) {
    const { pathname } = new URL(request.url ?? "/", "http://chat");
    const route = routes[`${request.method} ${pathname}`];
    if (route === undefined) return servePage(pathname, response);
    const token = request.headers.authorization?.replace("Bearer ", "");
    answer(response, 200, await route(await readBody(request), visitors.get(token)));
  }

  return createServer((request, response) => {
    serve(request, response).catch((error) => answer(response, ...explain(error)));
  });
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
  if (error instanceof SyntaxError) return [400, { error: "The request is not JSON." }];
  // The SDK's error carries what Antiphon answered, which says what to mend, or why it could not be reached.
  if (error instanceof Pusher.RequestError) {
    console.error(`Antiphon did not take the message: ${error.body ?? error.error?.code}`);
    return [502, { error: "The message could not be delivered. The chat server's output says why." }];
  }
  console.error(error);
  return [500, { error: "Something went wrong in the chat server." }];
}

function requireVisitor(visitor) {
  if (visitor === undefined) throw new Refusal(403, "Join the chat first.");
  return visitor;
}

function readText(value, field, longest) {
  const trimmed = typeof value === "string" ? value.trim() : "";
  if (trimmed === "") throw new Refusal(400, `The ${field} is empty.`);
  if (trimmed.length > longest) throw new Refusal(400, `The ${field} is longer than ${longest} characters.`);
  return trimmed;
}
