/** Where faulty clients are built: any bytes at a real Antiphon, by hand. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { buildPeerFrame } from "../support/peer-frames.ts";
import { labApp } from "./server-lab.ts";

/** What a right handshake asks for, line by line. */
const rightLines: readonly string[] = [
  `GET /app/${labApp.key}?protocol=7 HTTP/1.1`,
  "Host: localhost",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];

export class ClientLab {
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** A socket on which these bytes were sent. */
  async send(bytes: string | Buffer): Promise<Socket> {
    const socket = connect(this.#port, "127.0.0.1");
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    socket.resume();
    await once(socket, "connect");
    socket.write(bytes);
    return socket;
  }

  /** Sends a handshake with its lines changed. */
  async handshake(
    change: (lines: readonly string[]) => readonly string[] = (lines) => lines,
    rest = "",
  ): Promise<Socket> {
    return this.send(Buffer.from(`${[...change(rightLines), "", ""].join("\r\n")}${rest}`, "latin1"));
  }

  /** An open connection, and the greeting read. */
  async open(extensions?: string): Promise<Socket> {
    const more = extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`];
    const socket = await this.handshake((lines) => [...lines, ...more]);
    let received = "";
    while (!received.includes("socket_id")) {
      const [chunk] = (await once(socket, "data")) as [Buffer];
      received += chunk.toString("latin1");
    }
    return socket;
  }

  /** A masked frame of a client. */
  frame(
    opcode: number,
    payload: string | Buffer,
    options: { fin?: boolean; rsv?: number; key?: number } = {},
  ): Buffer {
    const { fin = true, ...rest } = options;
    return buildPeerFrame("server", { fin, opcode, payload: Buffer.from(payload), ...rest });
  }

  /** A message that the server takes and answers. */
  ping(key?: number): Buffer {
    const text = '{"event":"pusher:ping","data":{}}';
    return this.frame(1, text, key === undefined ? {} : { key });
  }
}
