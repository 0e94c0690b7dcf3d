/**
 * One end of a connection on the bus: frames in, frames out. What is sent within one turn of the event loop leaves as one
 * write. Used by the primary process for each worker, and by a worker for the primary process.
 */
import type { Socket } from "node:net";
import { type BusFrame, BusFrameReader, maxFrameBytes } from "./bus-frame.ts";

export interface BusLinkEvents {
  /** Gets every frame; answers `false` if it makes no sense, which ends the link. */
  readonly onFrame: (frame: BusFrame) => boolean;
  /** The link is gone, after the last frame. `problem` is absent where an end just closed. */
  readonly onClose: (problem: BusProblem | undefined) => void;
  /** Asked before a turn's frames leave: the last chance to send more with them. */
  readonly onFlush?: () => void;
}

/** Why a link was cut. */
export type BusProblem = "not-understood" | "too-slow" | "broken";

/** What may wait for the other end to read it. */
const maxQueuedBytes = 2 * maxFrameBytes;

export class BusLink {
  readonly #socket: Socket;
  readonly #events: BusLinkEvents;
  readonly #reader = new BusFrameReader();
  #frames: Buffer[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  #problem: BusProblem | undefined;

  constructor(socket: Socket, events: BusLinkEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => {
      this.#problem ??= "broken";
    });
    socket.on("close", () => events.onClose(this.#problem));
  }

  /** Queues a frame. */
  send(frame: Buffer): void {
    this.#frames.push(frame);
    this.#queuedBytes += frame.length;
    this.scheduleFlush();
  }

  /** Has `onFlush` called at the end of this turn. */
  scheduleFlush(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#endTurn);
  }

  /** Sends what is queued, then closes. */
  end(): void {
    this.flush();
    this.#socket.end();
  }

  /** Cuts the link. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Writes what is queued now. */
  flush(): void {
    this.#events.onFlush?.();
    if (this.#frames.length === 0) return;
    const frames = this.#frames;
    const bytes = frames.length === 1 ? frames[0]! : Buffer.concat(frames, this.#queuedBytes);
    this.#frames = [];
    this.#queuedBytes = 0;
    if (!this.#socket.writable) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > maxQueuedBytes) this.#cut("too-slow");
  }

  readonly #endTurn = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  #read(chunk: Buffer): void {
    const frames = this.#reader.read(chunk);
    if (frames?.every((frame) => this.#socket.destroyed || this.#events.onFrame(frame))) return;
    this.#cut("not-understood");
  }

  #cut(problem: BusProblem): void {
    this.#problem ??= problem;
    this.#socket.destroy();
  }
}
