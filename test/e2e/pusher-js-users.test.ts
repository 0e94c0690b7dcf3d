/** Signed-in users with the real pusher-js and the real `pusher` SDK: signin, messages to users, watchlists, termination. */

import type Pusher from "pusher";
import type { PresenceChannel } from "pusher-js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import {
  type AuthEndpoint,
  authorizedAs,
  startAuthEndpoint,
  type Visitor,
} from "../support/auth-endpoint.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import {
  connectPusherJs,
  nextEvent,
  type PusherJs,
  reachState,
  startPusherJs,
  subscribe,
} from "../support/pusher-js-client.ts";

const app = { id: "8", key: "users-key", secret: "users-secret", channels: { watchlist: true } };

let server: AntiphonProcess;
let backend: Pusher;
let auth: AuthEndpoint;

beforeAll(async () => {
  server = await startConfiguredServer({ apps: [app] });
  backend = createPublisher(server, app);
  auth = await startAuthEndpoint(backend);
});

afterAll(async () => {
  await auth.stop();
  await server.stop();
});

/** Connects and signs in. */
async function signIn(visitor: Visitor): Promise<PusherJs> {
  const pusher = await connectPusherJs(server, app.key, authorizedAs(auth, visitor));
  pusher.signin();
  // Resolves once the server has confirmed the signin.
  await pusher.user.signinDonePromise;
  return pusher;
}

interface WatchlistEvent {
  readonly name: "online" | "offline";
  readonly user_ids: readonly string[];
}

/** Signs in with a watchlist; pusher-js binds before, since the first event comes right behind the confirmation. */
async function watch(id: string, watchlist: readonly string[]) {
  const pusher = await connectPusherJs(server, app.key, authorizedAs(auth, { id, watchlist }));
  const events: WatchlistEvent[] = [];
  pusher.user.watchlist.bind_global((_name: string, event: WatchlistEvent) => events.push(event));
  const first = nextEvent(pusher.user.watchlist, "offline");
  pusher.signin();
  await first;
  return { pusher, events };
}

describe("signin", () => {
  it("makes the user known to pusher-js", async () => {
    const pusher = await signIn({ id: "ada", user_info: { name: "Ada" } });
    expect(pusher.user.user_data).toEqual({ id: "ada", user_info: { name: "Ada" } });
  });

  it("stands in for channel_data on presence channels", async () => {
    const pusher = await signIn({ id: "ada", user_info: { name: "Ada" } });
    const channel = await subscribe<PresenceChannel>(pusher, "presence-signed-in");
    expect(channel.members.members).toEqual({ ada: { name: "Ada" } });
  });

  it("with a wrong secret closes the client for good", async () => {
    const wrongAuth = await startAuthEndpoint(createPublisher(server, { ...app, secret: "another-secret" }));
    onTestFinished(() => wrongAuth.stop());
    const { pusher, states } = startPusherJs(server, app.key, authorizedAs(wrongAuth, { id: "ada" }));
    const refused = nextEvent(pusher.connection, "error");
    pusher.signin();
    expect(await refused).toEqual({
      type: "PusherError",
      data: { code: 4009, message: expect.stringMatching(/^Invalid signature: /) },
    });
    await reachState(pusher, "disconnected");
    expect(states).toEqual(["connecting", "connected", "disconnected"]);
  });
});

describe("sendToUser", () => {
  it("reaches every connection of the user and nobody else", async () => {
    const [desk, phone, stranger] = await Promise.all([
      signIn({ id: "grace" }),
      signIn({ id: "grace" }),
      signIn({ id: "stranger" }),
    ]);
    const received = Promise.all([nextEvent(desk.user, "alert"), nextEvent(phone.user, "alert")]);
    const strangers: string[] = [];
    stranger.user.bind_global((name: string) => strangers.push(name));
    await backend.sendToUser("grace", "alert", { level: 3 });
    expect(await received).toEqual([{ level: 3 }, { level: 3 }]);

    const own = nextEvent(stranger.user, "own");
    await backend.sendToUser("stranger", "own", {});
    await own;
    expect(strangers).toEqual(["own"]);
  });
});

describe("watchlists", () => {
  it("tell who is online at signin, and then who comes and goes", async () => {
    const online = await signIn({ id: "online-already" });
    const { pusher, events } = await watch("watcher", ["online-already", "comes-later"]);
    expect(events).toEqual([
      { name: "online", user_ids: ["online-already"] },
      { name: "offline", user_ids: ["comes-later"] },
    ]);

    const came = nextEvent(pusher.user.watchlist, "online");
    await signIn({ id: "comes-later" });
    expect(await came).toEqual({ name: "online", user_ids: ["comes-later"] });

    const left = nextEvent(pusher.user.watchlist, "offline");
    online.disconnect();
    expect(await left).toEqual({ name: "offline", user_ids: ["online-already"] });
  });

  it("of more than a hundred users are cut, and the client is told with 4302", async () => {
    const watchlist = Array.from({ length: 101 }, (_, index) => `user-${index}`);
    const pusher = await connectPusherJs(server, app.key, authorizedAs(auth, { id: "curious", watchlist }));
    const error = nextEvent(pusher.connection, "error");
    const status = nextEvent<WatchlistEvent>(pusher.user.watchlist, "offline");
    pusher.signin();
    expect(await error).toEqual({
      type: "PusherError",
      data: { code: 4302, message: "The watchlist has 101 users; only the first 100 are watched." },
    });
    expect((await status).user_ids).toEqual(watchlist.slice(0, 100));
    expect(pusher.connection.state).toBe("connected");
  });
});

describe("terminateUserConnections", () => {
  it("disconnects all connections of the user, leaves others, and frees the presence member", async () => {
    const [first, second, other] = await Promise.all([
      signIn({ id: "banned" }),
      signIn({ id: "banned" }),
      signIn({ id: "other" }),
    ]);
    const room = await subscribe<PresenceChannel>(other, "presence-ban");
    await subscribe(first, "presence-ban");
    const removed = nextEvent(room, "pusher:member_removed");
    const errors = Promise.all([nextEvent(first.connection, "error"), nextEvent(second.connection, "error")]);
    await backend.terminateUserConnections("banned");

    const told = { type: "PusherError", data: { code: 4009, message: "You got disconnected by the app." } };
    expect(await errors).toEqual([told, told]);
    await Promise.all([reachState(first, "disconnected"), reachState(second, "disconnected")]);
    expect(await removed).toMatchObject({ id: "banned" });
    expect(other.connection.state).toBe("connected");
  });
});
