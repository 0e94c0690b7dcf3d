/**
 * A WebSocket client that hides nothing: the exact text of every message, the close code and reason, and the socket, to
 * write bytes that no client library would.
 */
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";

/** How the connection ended. */
export interface ClientClose {
  readonly code: number;
  readonly reason: string;
}

export interface RawClientOptions {
  readonly origin?: string;
  readonly subprotocols?: readonly string[];
  /** Whether pings are answered. Default: yes, as every real client does. */
  readonly autoPong?: boolean;
}

interface Waiter {
  resolve(message: string): void;
  reject(error: Error): void;
}

export class RawClient {
  readonly closed: Promise<ClientClose>;
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  readonly #messages: string[] = [];
  readonly #waiters: Waiter[] = [];
  #isClosed = false;

  /** @param url with `ws://`. The client is torn down when the test ends. */
  constructor(url: string, { subprotocols = [], origin, autoPong = true }: RawClientOptions = {}) {
    const { hostname, port } = new URL(url);
    this.#socket = connect(Number(port), hostname);
    this.#websocket = new WebSocket(url, [...subprotocols], {
      createConnection: () => this.#socket,
      perMessageDeflate: false,
      autoPong,
      ...(origin !== undefined && { origin }),
    });
    this.#websocket.on("message", (data: Buffer) => this.#deliver(data.toString("utf8")));
    this.closed = new Promise((resolve, reject) => {
      this.#websocket.on("error", reject);
      this.#websocket.on("close", (code, reason) => {
        this.#end();
        resolve({ code, reason: reason.toString("utf8") });
      });
    });
    // A test that does not look at the end is not interested in it.
    this.closed.catch(() => this.#end());
    onTestFinished(() => this.#websocket.terminate());
  }

  /** The subprotocol that the server chose, or an empty string. */
  get subprotocol(): string {
    return this.#websocket.protocol;
  }

  /** Messages that nobody has asked for yet. */
  get unread(): readonly string[] {
    return this.#messages;
  }

  /** The next message, exactly as it came. Rejects if the connection ends without one. */
  next(): Promise<string> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#isClosed) return Promise.reject(new Error("the connection ended without another message"));
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Sends one text message: a string as it is, anything else as JSON. */
  send(message: unknown): void {
    this.#websocket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  sendBinary(bytes: Uint8Array): void {
    this.#websocket.send(bytes, { binary: true });
  }

  /** Writes past the WebSocket library, onto the socket. */
  writeBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Lets what the server sends wait in the buffers of the network. */
  pauseReading(): void {
    this.#websocket.pause();
  }

  resumeReading(): void {
    this.#websocket.resume();
  }

  subscribe(channel: string, auth: object = {}): void {
    this.send({ event: "pusher:subscribe", data: { channel, ...auth } });
  }

  /**
   * Waits until the server has handled everything sent before, and gives all messages that came until then: the answer to
   * a ping comes last.
   */
  async settle(): Promise<string[]> {
    this.send({ event: "pusher:ping", data: {} });
    const messages: string[] = [];
    for (;;) {
      const message = await this.next();
      if (message === '{"event":"pusher:pong","data":"{}"}') return messages;
      messages.push(message);
    }
  }

  /** Closes in the regular way and waits for the server's answer. */
  async close(): Promise<ClientClose> {
    this.#websocket.close(1000);
    return this.closed;
  }

  #deliver(message: string): void {
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(message);
    else this.#messages.push(message);
  }

  #end(): void {
    this.#isClosed = true;
    const error = new Error("the connection ended while a message was awaited");
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }
}

/** A client that was greeted, and the socket id it was given. */
export interface GreetedClient {
  readonly client: RawClient;
  readonly socketId: string;
}

/** Connects, checks the greeting for its form, and gives the socket id. */
export async function connectRawClient(url: string, options?: RawClientOptions): Promise<GreetedClient> {
  const client = new RawClient(url, options);
  const greeting = await Promise.race([
    client.next(),
    client.closed.then(({ code }) => `closed with ${code}`),
  ]);
  const socketId =
    /^\{"event":"pusher:connection_established","data":"\{\\"socket_id\\":\\"(\d+\.\d+)\\"/.exec(
      greeting,
    )?.[1];
  if (socketId === undefined) throw new Error(`not greeted: ${greeting}`);
  return { client, socketId };
}

/** The URL of a Pusher WebSocket endpoint. */
export function pusherUrl({ port }: { readonly port: number }, key: string, query = "protocol=7"): string {
  return `ws://127.0.0.1:${port}/app/${key}${query === "" ? "" : `?${query}`}`;
}
