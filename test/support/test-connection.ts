/** A server's connection on a fake socket, and what its handlers and its host were told, in order. */
import { buildPeerFrame } from "./peer-frames.ts";
import type { Role } from "../../packages/websocket/src/protocol/opcodes.ts";
import type { NegotiatedDeflate } from "../../packages/websocket/src/protocol/permessage-deflate.ts";
import type { CloseReport } from "../../packages/websocket/src/node/close-report.ts";
import type { ConnectionHandlers } from "../../packages/websocket/src/node/connection-host.ts";
import {
  type ConnectionSettings,
  defaultConnectionSettings,
} from "../../packages/websocket/src/node/connection-settings.ts";
import { WebSocketConnection } from "../../packages/websocket/src/node/connection.ts";
import { FakeSocket } from "./fake-socket.ts";
import { TimerWheel } from "../../packages/websocket/src/node/timer-wheel.ts";

export interface ConnectionOptions extends Partial<ConnectionSettings> {
  readonly handlers?: ConnectionHandlers;
  readonly role?: Role;
  readonly deflate?: NegotiatedDeflate;
  readonly thresholdBytes?: number;
  readonly highWaterMark?: number;
  /** What came behind the handshake. */
  readonly head?: Uint8Array;
}

export class TestConnection {
  readonly socket: FakeSocket;
  readonly wheel = new TimerWheel();
  readonly connection: WebSocketConnection;
  /** `open`, `message a`, `report slow-consumer`, `closed` … */
  readonly log: string[] = [];
  report: CloseReport | undefined;

  constructor(options: ConnectionOptions = {}) {
    const { handlers = {}, role = "server", deflate, thresholdBytes = 1024, head, ...rest } = options;
    const { log } = this;
    this.socket = new FakeSocket(rest.highWaterMark);
    const logged: ConnectionHandlers = {
      ...handlers,
      open(connection) {
        log.push("open");
        return handlers.open?.(connection);
      },
      message(connection, data) {
        log.push(`message ${typeof data === "string" ? data : Buffer.from(data).toString("hex")}`);
        return handlers.message?.(connection, data);
      },
      drain(connection) {
        log.push("drain");
        handlers.drain?.(connection);
      },
      failing(connection, failure) {
        log.push(`failing ${failure.name}`);
        handlers.failing?.(connection, failure);
      },
      warning(_, failure) {
        log.push(`warning ${failure.name}`);
      },
      close: (connection, report) => {
        this.report = report;
        log.push("close");
        return handlers.close?.(connection, report);
      },
    };
    this.connection = new WebSocketConnection({
      id: "test",
      role,
      socket: this.socket,
      host: {
        handlers: logged,
        settings: { ...defaultConnectionSettings, ...rest },
        compression: { level: 3, memoryLevel: 5, thresholdBytes },
        wheel: this.wheel,
        onClosed: () => log.push("unregistered"),
        report: (failure, _, cause) =>
          log.push(`report ${failure.name}${cause instanceof Error ? `: ${cause.message}` : ""}`),
      },
      data: undefined,
      subprotocol: "",
      deflate,
    });
    this.connection.start(head ?? new Uint8Array(0));
  }

  /** The peer sends a frame; text by default. */
  async receive(payload: string | Uint8Array, { opcode = 1, fin = true } = {}): Promise<void> {
    await this.socket.deliver(frameOf(payload, { opcode, fin }));
  }
}

let key = 1;

/** A frame from a client. */
export function frameOf(payload: string | Uint8Array, { opcode = 1, fin = true } = {}): Buffer {
  key += 0x01010101;
  return buildPeerFrame("server", { fin, opcode, payload: Buffer.from(payload), key: key >>> 0 });
}

/** Frames from a client, of one text message each. */
export function framesOf(...texts: string[]): Buffer {
  return Buffer.concat(texts.map((text) => frameOf(text)));
}

/** A Close frame from a client. */
export function closeFrame(code: number, reason = ""): Buffer {
  return frameOf(Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]), { opcode: 8 });
}
