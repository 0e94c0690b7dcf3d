/** The real laravel-echo on pusher-js, against a server that was started with the environment of a Laravel project. */
import Echo from "laravel-echo";
import type Pusher from "pusher";
import type pusherModule from "pusher-js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type AntiphonProcess, startAntiphon } from "../support/antiphon-process.ts";
import { type AuthEndpoint, startAuthEndpoint, type Visitor } from "../support/auth-endpoint.ts";
import { createPublisher } from "../support/publisher.ts";
import { nextEvent, PusherJs, pusherJsOptions } from "../support/pusher-js-client.ts";

const app = { id: "256980", key: "laravel-reverb-key", secret: "laravel-reverb-secret" };

let server: AntiphonProcess;
let backend: Pusher;
let auth: AuthEndpoint;

beforeAll(async () => {
  server = await startAntiphon({
    args: ["--shutdown-grace-ms", "100"],
    env: {
      BROADCAST_CONNECTION: "reverb",
      REVERB_APP_ID: app.id,
      REVERB_APP_KEY: app.key,
      REVERB_APP_SECRET: app.secret,
      REVERB_SERVER_HOST: "127.0.0.1",
    },
  });
  backend = createPublisher(server, app);
  auth = await startAuthEndpoint(backend);
});

afterAll(async () => {
  await auth.stop();
  await server.stop();
});

/** Echo as the `echo.js` of a Laravel project makes it. */
function createEcho(visitor: Visitor): Echo<"reverb"> {
  const headers = { "x-user": JSON.stringify(visitor) };
  const echo = new Echo({
    broadcaster: "reverb",
    key: app.key,
    ...pusherJsOptions(server),
    // Echo means the class, although its types name the module.
    Pusher: PusherJs as unknown as typeof pusherModule,
    authEndpoint: auth.channels,
    auth: { headers },
    userAuthentication: { endpoint: auth.users, transport: "ajax", headers },
  });
  onTestFinished(() => echo.disconnect());
  return echo;
}

/** The pusher-js channel below a channel of Echo, once the server has confirmed it. */
const confirmed = (echo: Echo<"reverb">, name: string): Promise<unknown> =>
  nextEvent(echo.connector.pusher.subscribe(name), "pusher:subscription_succeeded");

describe("public channels", () => {
  it("hear events by their class below App\\Events, and by their full name behind a dot", async () => {
    const echo = createEcho({ id: "1" });
    const channel = echo.channel("orders");
    await confirmed(echo, "orders");
    const received = new Promise((resolve) => channel.listen("OrderShipped", resolve));
    const named = new Promise((resolve) => channel.listen(".order.paid", resolve));
    await backend.trigger("orders", "App\\Events\\OrderShipped", { order: { id: 12 } });
    await backend.trigger("orders", "order.paid", { total: "9.90" });
    expect(await received).toEqual({ order: { id: 12 } });
    expect(await named).toEqual({ total: "9.90" });
  });

  it("hear nothing of what the backend publishes toOthers", async () => {
    const [sender, other] = [createEcho({ id: "1" }), createEcho({ id: "2" })];
    const sendersEvents: unknown[] = [];
    sender.channel("to-others").listenToAll((event: string) => sendersEvents.push(event));
    const received = new Promise((resolve) => other.channel("to-others").listen("Posted", resolve));
    await Promise.all([confirmed(sender, "to-others"), confirmed(other, "to-others")]);

    const socketId = sender.socketId() ?? "";
    await backend.trigger("to-others", "App\\Events\\Posted", {}, { socket_id: socketId });
    await received;
    const toAll = new Promise((resolve) => sender.channel("to-others").listen("ToAll", resolve));
    await backend.trigger("to-others", "App\\Events\\ToAll", {});
    await toAll;
    expect(sendersEvents).toEqual(["ToAll"]);
  });
});

describe("private channels", () => {
  it("carry whispers to the other subscribers and not back", async () => {
    const [anna, ben] = [createEcho({ id: "1" }), createEcho({ id: "2" })];
    const annas = anna.private("chat.1");
    const bens = ben.private("chat.1");
    const echoed: unknown[] = [];
    annas.listenForWhisper("typing", (data: unknown) => echoed.push(data));
    const heard = new Promise((resolve) => bens.listenForWhisper("typing", resolve));
    await Promise.all([confirmed(anna, "private-chat.1"), confirmed(ben, "private-chat.1")]);

    annas.whisper("typing", { name: "Anna" });
    expect(await heard).toEqual({ name: "Anna" });
    const answer = new Promise((resolve) => annas.listenForWhisper("seen", resolve));
    bens.whisper("seen", { by: "Ben" });
    expect(await answer).toEqual({ by: "Ben" });
    expect(echoed).toEqual([]);
  });

  it("report a refused signature as Reverb does: as error 4009 of a connection that stays open", async () => {
    const echo = createEcho({ id: "1" });
    const refused = nextEvent(echo.connector.pusher.connection, "error");
    echo.connector.pusher.connection.bind("connected", () => {
      echo.connector.pusher.send_event("pusher:subscribe", { channel: "private-x", auth: `${app.key}:00` });
    });
    expect(await refused).toMatchObject({ data: { code: 4009, message: expect.stringContaining("auth") } });
    expect(echo.connectionStatus()).toBe("connected");
  });
});

describe("presence channels", () => {
  it("tell here, joining and leaving", async () => {
    const [anna, ben] = [
      createEcho({ id: "anna", user_info: { id: "anna" } }),
      createEcho({ id: "ben", user_info: { id: "ben" } }),
    ];
    const annas = anna.join("room.1");
    const here = await new Promise((resolve) => annas.here(resolve));
    expect(here).toEqual([{ id: "anna" }]);

    const joining = new Promise((resolve) => annas.joining(resolve));
    const bens = ben.join("room.1");
    expect(await new Promise((resolve) => bens.here(resolve))).toEqual([{ id: "anna" }, { id: "ben" }]);
    expect(await joining).toEqual({ id: "ben" });

    const leaving = new Promise((resolve) => annas.leaving(resolve));
    ben.leave("room.1");
    expect(await leaving).toEqual({ id: "ben" });
    expect(ben.connectionStatus()).toBe("connected");
  });
});

describe("leave", () => {
  it("empties the channel on the server", async () => {
    const echo = createEcho({ id: "1" });
    echo.channel("left");
    await confirmed(echo, "left");
    echo.leave("left");
    // The next confirmation comes after the server has handled the leave.
    echo.channel("stays");
    await confirmed(echo, "stays");
    const channels = await backend.get({ path: "/channels" });
    expect(await channels.json()).toEqual({ channels: { stays: {} } });
  });
});
