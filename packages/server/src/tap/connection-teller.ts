/**
 * Tells the events of one connection: puts number and time on them, counts failures, and knows which were told before.
 * Shared by the observers of the handshake and of the frames.
 */
import type { Failure, Role } from "@antiphon/websocket";
import { BodyPreview } from "./body-preview.ts";
import { showHead } from "./http-head.ts";
import type { ObserverOptions } from "./observer-options.ts";
import type { Finding, TapEvent } from "./tap-event.ts";

/** An event without what every event of a connection has. */
export type Told<E = TapEvent> = E extends TapEvent ? Omit<E, "connection" | "atMs"> : never;

export class ConnectionTeller {
  /** Counted from 1 over all connections. */
  readonly number: number;
  readonly options: ObserverOptions;
  /** The first fatal failure in the bytes of each side. */
  readonly faults: Partial<Record<Role, Failure>> = {};
  readonly #startedMs: number;
  readonly #told = new Set<string>();
  readonly #bodies: Readonly<Record<Role, BodyPreview>> = {
    client: new BodyPreview(),
    server: new BodyPreview(),
  };
  #findings = 0;

  constructor(number: number, options: ObserverOptions) {
    this.number = number;
    this.options = options;
    this.#startedMs = options.now();
  }

  /** Failures that were told, without those that are only information. */
  get findings(): number {
    return this.#findings;
  }

  /** Milliseconds since the client connected. */
  now(): number {
    // Whole microseconds: more digits say nothing.
    return Math.round((this.options.now() - this.#startedMs) * 1000) / 1000;
  }

  tell(told: Told): void {
    // `Told` takes away exactly the two fields that are put back here.
    this.options.emit({ ...told, connection: this.number, atMs: this.now() } as TapEvent);
  }

  note(text: string): void {
    this.tell({ type: "note", text });
  }

  head(type: "request" | "response", from: Role, text: string): void {
    this.tell({ type, from, ...showHead(text, { allHeaders: this.options.display === "full" }) });
  }

  /** A failure between frames, or before there are any. */
  find(failure: Failure, from: Role): void {
    this.tell({ type: "finding", from, ...this.count(failure, from) });
  }

  /** Counts a failure that is told with something else. */
  count(failure: Failure, from: Role): Finding {
    if (failure.severity === "fatal") this.faults[from] ??= failure;
    if (failure.severity !== "info") this.#findings += 1;
    const key = `${from} ${failure.name}`;
    const isRepeated = this.#told.has(key);
    this.#told.add(key);
    return { failure, isRepeated };
  }

  /** Bytes that are not read as frames: their start is told when there is enough of it. */
  body(from: Role, bytes: Uint8Array): void {
    if (this.options.display === "hidden") return;
    const preview = this.#bodies[from].push(bytes);
    if (preview !== undefined) this.tell({ type: "body", from, preview });
  }

  /** No more such bytes come. */
  endBody(from: Role): void {
    const preview = this.#bodies[from].end();
    if (preview !== undefined) this.tell({ type: "body", from, preview });
  }
}
