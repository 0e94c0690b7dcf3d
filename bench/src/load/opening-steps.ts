/** How a client gets from TCP to a connection that receives: what it waits for, and what it says then. */
import { benchChannel } from "../bench-app.ts";
import { encodeText } from "./client-frames.ts";
import type { Dialect } from "./load-commands.ts";

export interface OpeningStep {
  /** Text that ends the step when it has arrived. */
  readonly awaits: string;
  readonly sends?: Buffer;
}

const endOfHead: OpeningStep = { awaits: "\r\n\r\n" };
const subscribe = JSON.stringify({ event: "pusher:subscribe", data: { channel: benchChannel } });

export const openingSteps: Record<Dialect, readonly OpeningStep[]> = {
  websocket: [endOfHead],
  // Engine.IO opens by itself; Socket.IO wants its namespace to be joined.
  "socket.io": [endOfHead, { awaits: "0{", sends: encodeText("40") }, { awaits: "40{" }],
  pusher: [
    endOfHead,
    { awaits: "pusher:connection_established", sends: encodeText(subscribe) },
    { awaits: "subscription_succeeded" },
  ],
};

/** A message of an application in this dialect. */
export function wrapMessage(dialect: Dialect, message: string): string {
  return dialect === "socket.io" ? `42["m",${JSON.stringify(message)}]` : message;
}
