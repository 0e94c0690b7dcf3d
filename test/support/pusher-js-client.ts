/**
 * The real pusher-js on a server under test: remembers the states it went through, turns its callbacks into promises, and
 * disconnects when the test ends.
 */
import pusherModule, { type Channel, type Options } from "pusher-js";
import { onTestFinished } from "vitest";

/** Its types describe an ES module, but Node loads CommonJS whose export is the class itself. */
export const PusherJs = pusherModule as unknown as typeof pusherModule.default;
export type PusherJs = pusherModule.default;

/** What pusher-js needs to reach a server under test. */
export function pusherJsOptions(server: { readonly port: number }): Options {
  return {
    cluster: "",
    wsHost: "127.0.0.1",
    wsPort: server.port,
    forceTLS: false,
    enabledTransports: ["ws"],
  };
}

export interface PusherJsClient {
  readonly pusher: PusherJs;
  /** Every state after `initialized`, in order. */
  readonly states: readonly string[];
}

/** Starts pusher-js; it connects by itself. */
export function startPusherJs(
  server: { readonly port: number },
  key: string,
  options: Partial<Options> = {},
): PusherJsClient {
  const pusher = new PusherJs(key, { ...pusherJsOptions(server), ...options });
  const states: string[] = [pusher.connection.state];
  pusher.connection.bind("state_change", ({ current }: { current: string }) => states.push(current));
  onTestFinished(() => pusher.disconnect());
  return { pusher, states };
}

/** Starts pusher-js and waits until it is connected. */
export async function connectPusherJs(
  server: { readonly port: number },
  key: string,
  options: Partial<Options> = {},
): Promise<PusherJs> {
  const { pusher } = startPusherJs(server, key, options);
  await reachState(pusher, "connected");
  return pusher;
}

/** Waits until pusher-js is in this state. */
export async function reachState(pusher: PusherJs, state: string): Promise<void> {
  if (pusher.connection.state !== state) await nextEvent(pusher.connection, state);
}

/** Whatever pusher-js lets one bind events to. */
interface Emitter {
  bind(event: string, callback: (data: never) => void): unknown;
  unbind(event: string, callback: (data: never) => void): unknown;
}

/** The data of the next event of this name. */
export function nextEvent<Data = unknown>(emitter: Emitter, event: string): Promise<Data> {
  return new Promise((resolve) => {
    const receive = (data: Data): void => {
      emitter.unbind(event, receive);
      resolve(data);
    };
    emitter.bind(event, receive);
  });
}

/** Subscribes and waits for the confirmation. Rejects with what the server or the auth endpoint answered instead. */
export function subscribe<Subscribed extends Channel = Channel>(
  pusher: PusherJs,
  name: string,
): Promise<Subscribed> {
  const channel = pusher.subscribe(name);
  return new Promise((resolve, reject) => {
    // pusher-js makes the class that fits the name; the caller knows the name.
    channel.bind("pusher:subscription_succeeded", () => resolve(channel as Subscribed));
    channel.bind("pusher:subscription_error", (error: unknown) =>
      reject(new Error(`not subscribed to ${name}: ${JSON.stringify(error)}`)),
    );
  });
}
