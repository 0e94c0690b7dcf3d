/**
 * One connection as the tap understands it: copies of the bytes of both directions and the ends of the transport go in,
 * events come out. It never holds more than its bounds, whatever passes. The relay feeds it.
 */
import { engineFailures, type Failure, type Role } from "@antiphon/websocket";
import { ConnectionTeller } from "./connection-teller.ts";
import { type EndFacts, judgeEnd, type PassedClose, type TransportEnd } from "./end-verdict.ts";
import { FrameStream, type StreamEvent, type ToldFrame } from "./frame-stream.ts";
import { HandshakeObserver, type OpenedFrames } from "./handshake-observer.ts";
import { type ObserverOptions, observerBounds } from "./observer-options.ts";
import { PingWatch } from "./ping-watch.ts";
import type { EndEvent, TrafficCounts } from "./tap-event.ts";

const sides = ["client", "server"] as const;

export class ConnectionObserver {
  readonly #teller: ConnectionTeller;
  readonly #handshake: HandshakeObserver;
  #streams: Readonly<Record<Role, FrameStream>> | undefined;
  /** Pings by the side that sent them. */
  readonly #pings: Readonly<Record<Role, PingWatch>> = { client: new PingWatch(), server: new PingWatch() };
  readonly #bytes: Record<Role, number> = { client: 0, server: 0 };
  readonly #lastBytesAtMs: Record<Role, number> = { client: 0, server: 0 };
  readonly #ends: TransportEnd[] = [];
  readonly #closes: PassedClose[] = [];
  #isConnected = false;
  #transportFailure: Failure | undefined;
  #pusherError: string | undefined;
  #isPusher = false;
  #isOver = false;

  /** @param number counted from 1 over all connections. */
  constructor(number: number, options: ObserverOptions) {
    this.#teller = new ConnectionTeller(number, options);
    this.#handshake = new HandshakeObserver(this.#teller);
  }

  /** The way to the target stands; addresses as text. */
  opened(client: string, target: string): void {
    this.#isConnected = true;
    this.#teller.tell({ type: "opened", client, target, connectMs: this.#teller.now() });
  }

  /** No connection to the target, or no TLS with one of the sides. */
  failedTransport(failure: Failure, side: Role): void {
    this.#transportFailure ??= failure;
    this.#teller.find(failure, side);
  }

  note(text: string): void {
    this.#teller.note(text);
  }

  /** Bytes that pass, as the side sent them. They are neither kept nor changed. */
  passed(from: Role, chunk: Uint8Array): void {
    this.#bytes[from] += chunk.length;
    this.#lastBytesAtMs[from] = this.#teller.now();
    if (this.#streams) {
      this.#tellStream(from, this.#streams[from].push(chunk));
    } else if (from === "client") {
      this.#handshake.passedFromClient(chunk);
    } else {
      const opened = this.#handshake.passedFromServer(chunk);
      if (opened) this.#startFrames(opened);
    }
  }

  /** A side ended its direction, or cut both. */
  ended(side: Role, how: TransportEnd["how"]): void {
    if (this.#isOver || this.#ends.some((end) => end.side === side && end.how === how)) return;
    this.#ends.push({ side, how, atMs: this.#teller.now() });
    if (this.#streams) this.#tellStream(side, this.#streams[side].end());
    else this.#handshake.ended(side);
    this.#teller.endBody(side);
  }

  /** Both directions are over, or the tap stops: tells the end, once. */
  closed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const side of sides) this.#teller.endBody(side);
    this.#judgePings();
    const event: Omit<EndEvent, "connection" | "atMs"> = {
      type: "end",
      verdict: judgeEnd(this.#collectFacts()),
      traffic: { client: this.#countTraffic("client"), server: this.#countTraffic("server") },
      roundTrips: this.#collectRoundTrips(),
      findings: this.#teller.findings,
    };
    this.#teller.tell(event);
  }

  #startFrames({ deflate, early, rest }: OpenedFrames): void {
    const options = { deflate, display: this.#teller.options.display };
    const client = new FrameStream("client", options);
    const server = new FrameStream("server", options);
    this.#streams = { client, server };
    if (early === undefined) client.giveUp();
    else this.#tellStream("client", client.push(early));
    this.#tellStream("server", server.push(rest));
  }

  #tellStream(from: Role, events: readonly StreamEvent[]): void {
    for (const event of events) {
      switch (event.type) {
        case "frame":
          this.#tellFrame(from, event.frame, event.failures, event.controlPayload);
          break;
        case "lost":
          this.#teller.find(event.failure, from);
          this.note(`the ${from}'s bytes cannot be read as frames from here on; they are passed on`);
          break;
        case "cut":
          this.#teller.find(event.failure, from);
          break;
        case "after-close":
          this.#teller.find(engineFailures.create("data-after-close", { bytes: event.bytes }), from);
          break;
        case "rest":
          this.#teller.body(from, event.bytes);
      }
    }
  }

  #tellFrame(
    from: Role,
    frame: ToldFrame,
    failures: readonly Failure[],
    controlPayload: Uint8Array | undefined,
  ): void {
    const atMs = this.#teller.now();
    const findings = failures.map((failure) => this.#teller.count(failure, from));
    let rttMs: number | undefined;
    if (controlPayload && frame.opcode === "ping") {
      const unanswered = this.#pings[from].sent(controlPayload, atMs);
      // The other side leaves pings unanswered, but here is where it shows.
      if (unanswered) findings.push(this.#teller.count(unanswered, otherSide(from)));
    } else if (controlPayload) {
      const pong = this.#pings[otherSide(from)].answered(controlPayload, atMs);
      rttMs = pong.rttMs;
      if (pong.failure) findings.push(this.#teller.count(pong.failure, from));
    }
    if (frame.opcode === "close") this.#closes.push({ reason: "", ...frame.close, side: from, atMs });
    if (frame.event?.name.startsWith("pusher:")) this.#isPusher = true;
    if (from === "server" && frame.event?.name === "pusher:error") this.#pusherError = frame.event.detail;
    this.#teller.tell({ type: "frame", from, ...frame, ...(rttMs !== undefined && { rttMs }), findings });
  }

  /** After a Close frame pings are not answered any more (RFC 6455 §5.5.2). */
  #judgePings(): void {
    if (this.#closes.length > 0) return;
    for (const side of sides) {
      const unanswered = this.#pings[side].judgeEnd(this.#teller.now(), observerBounds.pingPatienceMs);
      if (unanswered) this.#teller.find(unanswered, otherSide(side));
    }
  }

  #collectFacts(): EndFacts {
    const waiting: Partial<Record<Role, number>> = {};
    for (const side of sides) {
      const sinceMs = this.#pings[side].waitingSinceMs;
      if (sinceMs !== undefined) waiting[side] = sinceMs;
    }
    return {
      phase: this.#isConnected ? this.#handshake.phase : "connecting",
      ends: this.#ends,
      closes: this.#closes,
      faults: this.#teller.faults,
      lastBytesAtMs: this.#lastBytesAtMs,
      responseBytes: this.#handshake.responseBytes,
      insideFrame: {
        client: this.#streams?.client.isInsideFrame ?? false,
        server: this.#streams?.server.isInsideFrame ?? false,
      },
      pingWaitingSinceMs: waiting,
      isPusher: this.#isPusher,
      ...(this.#transportFailure && { transportFailure: this.#transportFailure }),
      ...(this.#pusherError !== undefined && { pusherError: this.#pusherError }),
    };
  }

  #countTraffic(side: Role): TrafficCounts {
    const { frames = 0, messages = 0 } = this.#streams?.[side] ?? {};
    return { bytes: this.#bytes[side], frames, messages };
  }

  #collectRoundTrips(): EndEvent["roundTrips"] {
    const { client, server } = this.#pings;
    return {
      ...(server.roundTrips && { client: server.roundTrips }),
      ...(client.roundTrips && { server: client.roundTrips }),
    };
  }
}

function otherSide(side: Role): Role {
  return side === "client" ? "server" : "client";
}
