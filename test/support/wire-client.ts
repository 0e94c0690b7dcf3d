/**
 * A TCP client of a WebSocket server that adds nothing of its own: it writes the bytes a test gives it, and gives back the
 * answer's head, the frames, and how TCP ended.
 */
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { onTestFinished } from "vitest";
import { buildPeerFrame } from "./peer-frames.ts";

/** A frame from the server, as it came. */
export interface WireFrame {
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The RFC's own key, and what a server has to make of it. */
export const sampleKey = "dGhlIHNhbXBsZSBub25jZQ==";
export const sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** A handshake request; `undefined` leaves a header out. */
export function upgradeRequest(
  path = "/",
  headers: Readonly<Record<string, string | undefined>> = {},
  startLine = `GET ${path} HTTP/1.1`,
): string {
  const all: Record<string, string | undefined> = {
    Host: "127.0.0.1",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": sampleKey,
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return [startLine, ...lines, "", ""].join("\r\n");
}

export class WireClient {
  readonly socket: Socket;
  /** How TCP ended: `fin` if the server ended its half first. */
  readonly closed: Promise<"fin" | "reset">;
  /** Resolves when the server has ended its half. */
  readonly ended: Promise<void>;
  #received = Buffer.alloc(0);
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    let isReset = false;
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    socket.on("error", () => {
      isReset = true;
    });
    this.ended = new Promise((resolve) => {
      socket.once("end", () => {
        this.#isOver = true;
        this.#wake?.();
        resolve();
      });
    });
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#isOver = true;
        this.#wake?.();
        resolve(isReset ? "reset" : "fin");
      });
    });
    onTestFinished(() => void socket.destroy());
  }

  /** What has come and was not asked for yet. */
  get unread(): Buffer {
    return this.#received;
  }

  write(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  /** Sends one masked frame; text by default. */
  send(payload: string | Uint8Array, { opcode = 1, fin = true, rsv = 0 } = {}): this {
    return this.write(clientFrame(payload, { opcode, fin, rsv }));
  }

  sendClose(code?: number, reason = ""): this {
    const codeBytes = code === undefined ? [] : [code >> 8, code & 0xff];
    return this.send(Buffer.concat([Buffer.from(codeBytes), Buffer.from(reason)]), { opcode: 8 });
  }

  /** The head of the answer, up to and with its empty line. */
  async head(): Promise<string> {
    const end = await this.#find(() => {
      const at = this.#received.indexOf("\r\n\r\n");
      return at < 0 ? undefined : at + 4;
    });
    return this.#take(end).toString("latin1");
  }

  /** The whole answer of a server that ends the connection behind it. */
  async answer(): Promise<string> {
    await this.ended;
    return this.#take(this.#received.length).toString("utf8");
  }

  async frame(): Promise<WireFrame> {
    const { start, length } = await this.#find(() => readHeader(this.#received));
    const header = this.#take(start);
    const payload = this.#take(length);
    return { fin: header[0]! >= 0x80, rsv1: (header[0]! & 0x40) > 0, opcode: header[0]! & 15, payload };
  }

  /** The next message or control frame as a text: `text hi`, `pong `, `close 1000 bye`. */
  async next(): Promise<string> {
    const { opcode, payload } = await this.frame();
    if (opcode === 8) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : "";
      return `close ${code} ${payload.subarray(2).toString()}`.trimEnd();
    }
    const names: Record<number, string> = {
      0: "continuation",
      1: "text",
      2: "binary",
      9: "ping",
      10: "pong",
    };
    return `${names[opcode]} ${payload.toString()}`;
  }

  /** Ends TCP by a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  #take(bytes: number): Buffer {
    const taken = this.#received.subarray(0, bytes);
    this.#received = this.#received.subarray(bytes);
    return taken;
  }

  async #find<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (this.#isOver) {
        throw new Error(`the connection ended first; unread: ${this.#received.toString("latin1")}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Connects, over TLS if told, and sends nothing yet. */
export async function dial(port: number, { tls = false, host = "127.0.0.1" } = {}): Promise<WireClient> {
  const socket = tls
    ? connectTls({ port, host, rejectUnauthorized: false })
    : connect({ port, host, allowHalfOpen: true });
  const client = new WireClient(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once(tls ? "secureConnect" : "connect", resolve);
    socket.once("error", reject);
  });
  socket.setNoDelay(true);
  return client;
}

/** Connects and sends a request. */
export async function request(port: number, text: string | Uint8Array): Promise<WireClient> {
  return (await dial(port)).write(text);
}

/** Connects, and opens a WebSocket. */
export async function openWire(
  port: number,
  path = "/",
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<WireClient> {
  const client = await request(port, upgradeRequest(path, headers));
  const head = await client.head();
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`not opened: ${head}`);
  return client;
}

let key = 1;

/** A masked frame, with another key each time. */
export function clientFrame(payload: string | Uint8Array, { opcode = 1, fin = true, rsv = 0 } = {}): Buffer {
  key = (key * 1_103_515_245 + 12_345) >>> 0;
  return buildPeerFrame("server", { fin, opcode, rsv, payload: Buffer.from(payload), key });
}

function readHeader(bytes: Buffer): { start: number; length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]!;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return bytes.length < start + length ? undefined : { start, length };
}
