/**
 * One connection as the tap understands it: copies of the bytes of both directions and the ends of the transport go in,
 * events come out. It never holds more than its bounds, whatever passes. The relay feeds it.
 */
import { engineFailures, type Failure, type Role } from "@antiphon/websocket";
import type { NegotiatedDeflate } from "@antiphon/websocket/frames";
import { inspectHandshake, type ResponseHead, ResponseHeadReader } from "@antiphon/websocket/inspect";
import { BodyPreview } from "./body-preview.ts";
import { type EndFacts, judgeEnd, type PassedClose, type TransportEnd } from "./end-verdict.ts";
import { FrameStream, type StreamEvent, type ToldFrame } from "./frame-stream.ts";
import { HeadCollector } from "./head-collector.ts";
import { readHeaders, showHead } from "./http-head.ts";
import { type ObserverOptions, observerBounds } from "./observer-options.ts";
import { PingWatch } from "./ping-watch.ts";
import type { EndEvent, TapEvent } from "./tap-event.ts";

type Phase = EndFacts["phase"];
/** An event without what every event of a connection has. */
type Told<E> = E extends TapEvent ? Omit<E, "connection" | "atMs"> : never;

const widestDeflate: NegotiatedDeflate = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

export class ConnectionObserver {
  readonly #number: number;
  readonly #options: ObserverOptions;
  readonly #startedMs: number;
  #phase: Phase = "connecting";

  readonly #request = new HeadCollector(observerBounds.headBytes);
  readonly #response = new ResponseHeadReader(observerBounds.headBytes);
  #requestText = "";
  #responseBytes = 0;
  #isAnswered = false;
  #early = Buffer.alloc(0);
  #hasTooMuchEarly = false;
  #streams: Readonly<Record<Role, FrameStream>> | undefined;
  readonly #bodies: Readonly<Record<Role, BodyPreview>> = {
    client: new BodyPreview(),
    server: new BodyPreview(),
  };
  /** Pings by the side that sent them. */
  readonly #pings: Readonly<Record<Role, PingWatch>> = { client: new PingWatch(), server: new PingWatch() };

  readonly #bytes: Record<Role, number> = { client: 0, server: 0 };
  readonly #lastBytesAtMs: Record<Role, number> = { client: 0, server: 0 };
  readonly #ends: TransportEnd[] = [];
  readonly #closes: PassedClose[] = [];
  readonly #faults: Partial<Record<Role, Failure>> = {};
  readonly #said = new Set<string>();
  #findings = 0;
  #transportFailure: Failure | undefined;
  #pusherError: string | undefined;
  #isPusher = false;
  #isEnded = false;

  /** @param number counted from 1 over all connections. */
  constructor(number: number, options: ObserverOptions) {
    this.#number = number;
    this.#options = options;
    this.#startedMs = options.now();
  }

  /** The way to the target stands; addresses as text. */
  opened(client: string, target: string): void {
    this.#phase = "request";
    this.#tell({ type: "opened", client, target, connectMs: this.#now() });
  }

  /** No connection to the target, or no TLS with one of the sides. */
  failedTransport(failure: Failure, side: Role): void {
    this.#transportFailure ??= failure;
    this.#find(failure, side);
  }

  note(text: string): void {
    this.#tell({ type: "note", text });
  }

  /** Bytes that pass, as the side sent them. They are neither kept nor changed. */
  passed(from: Role, chunk: Uint8Array): void {
    this.#bytes[from] += chunk.length;
    this.#lastBytesAtMs[from] = this.#now();
    if (this.#streams) this.#passFrames(from, chunk);
    else if (from === "client") this.#passFromClient(chunk);
    else this.#passFromServer(chunk);
  }

  /** A side ended its direction. */
  ended(side: Role, how: TransportEnd["how"]): void {
    if (this.#isEnded || this.#ends.some((end) => end.side === side && end.how === how)) return;
    this.#ends.push({ side, how, atMs: this.#now() });
    this.#tellBody(side);
    if (side === "client" && this.#phase === "request" && this.#request.length > 0)
      this.#judgeForeignRequest();
    if (this.#streams) this.#tellStream(side, this.#streams[side].end());
  }

  /** Both directions are over, or the tap stops. Tells the end, once. */
  closed(): EndEvent | undefined {
    if (this.#isEnded) return undefined;
    this.#tellBody("server");
    this.#tellBody("client");
    const nowMs = this.#now();
    if (this.#closes.length === 0) {
      for (const side of ["client", "server"] as const) {
        const unanswered = this.#pings[side].judgeEnd(nowMs, observerBounds.pingPatienceMs);
        if (unanswered) this.#find(unanswered, other(side));
      }
    }
    this.#isEnded = true;
    const event: EndEvent = {
      type: "end",
      connection: this.#number,
      atMs: nowMs,
      verdict: judgeEnd(this.#collectFacts(nowMs)),
      traffic: { client: this.#countTraffic("client"), server: this.#countTraffic("server") },
      roundTrips: this.#collectRoundTrips(),
      findings: this.#findings,
    };
    this.#options.emit(event);
    return event;
  }

  // -- Handshake

  #passFromClient(chunk: Uint8Array): void {
    if (this.#phase === "response") {
      this.#keepEarly(chunk);
      return;
    }
    if (this.#phase !== "request") {
      this.#showBody("client", chunk);
      return;
    }
    const collected = this.#request.push(chunk);
    if (collected.status === "foreign") this.#judgeForeignRequest();
    if (collected.status !== "head") return;
    this.#judgeRequest(collected.text);
    if (collected.rest.length > 0) this.#passFromClient(collected.rest);
  }

  #judgeRequest(text: string): void {
    this.#requestText = text;
    this.#tellHead("request", "client", text);
    const meansWebSocket =
      readHeaders(text, "sec-websocket-key").length > 0 ||
      readHeaders(text, "upgrade").some((value) => /\bwebsocket\b/i.test(value));
    if (!meansWebSocket) {
      this.#phase = "plain-http";
      this.note("plain HTTP, not a WebSocket: it is passed on, and only its first answer is shown");
      return;
    }
    this.#phase = "response";
    for (const { failure } of inspectHandshake(text).findings) this.#find(failure, "client");
  }

  /** What the client sends is no HTTP request: TLS, another protocol, or a head without end. */
  #judgeForeignRequest(): void {
    const collected = this.#request.end();
    if (collected.status !== "foreign") return;
    this.#phase = "foreign";
    const text = Buffer.from(collected.bytes).toString("latin1");
    for (const { failure } of inspectHandshake(text).findings.slice(0, 1)) this.#find(failure, "client");
    this.#showBody("client", collected.bytes);
  }

  #keepEarly(chunk: Uint8Array): void {
    if (this.#early.length + chunk.length > observerBounds.earlyBytes) this.#hasTooMuchEarly = true;
    else this.#early = Buffer.concat([this.#early, chunk]);
  }

  #passFromServer(chunk: Uint8Array): void {
    const isAnswer = this.#phase === "response" || this.#phase === "plain-http";
    if (!isAnswer || this.#isAnswered) {
      this.#showBody("server", chunk);
      return;
    }
    const result = this.#response.push(chunk);
    this.#responseBytes += chunk.length;
    if (result.status === "need-more") return;
    this.#isAnswered = true;
    if (result.status === "failure") {
      this.#phase = "foreign";
      this.#find(result.failure, "server");
      this.#showBody("server", chunk);
      return;
    }
    const text = formatResponse(result.head);
    this.#tellHead("response", "server", text);
    if (this.#phase === "response") this.#judgeResponse(result.head, text);
    if (result.rest.length > 0) {
      if (this.#streams) this.#passFrames("server", result.rest);
      else this.#showBody("server", result.rest);
    }
  }

  #judgeResponse(head: ResponseHead, text: string): void {
    const { findings, agreed } = inspectHandshake(this.#requestText, text);
    for (const finding of findings) if (finding.in === "response") this.#find(finding.failure, "server");
    if (head.status !== 101) {
      this.#phase = "refused";
      return;
    }
    this.#phase = "open";
    const mentionsDeflate = /permessage-deflate/i.test(readHeaders(text, "sec-websocket-extensions").join());
    const deflate = agreed ? agreed.deflate : mentionsDeflate ? widestDeflate : undefined;
    const options = { deflate, display: this.#options.display };
    this.#streams = {
      client: new FrameStream("client", options),
      server: new FrameStream("server", options),
    };
    this.#passEarly();
  }

  /** Frames that the client sent before it knew the answer (RFC 6455 §4.1 asks it to wait). */
  #passEarly(): void {
    if (this.#hasTooMuchEarly) {
      this.#streams?.client.giveUp();
      this.note("the client sent too much before the 101; its frames are passed on but not shown");
    }
    if (this.#early.length === 0) return;
    this.#find(engineFailures.create("handshake-early-data", { bytes: this.#early.length }), "client");
    const early = this.#early;
    this.#early = Buffer.alloc(0);
    this.#passFrames("client", early);
  }

  // -- Frames

  #passFrames(from: Role, chunk: Uint8Array): void {
    this.#tellStream(from, this.#streams![from].push(chunk));
  }

  #tellStream(from: Role, events: readonly StreamEvent[]): void {
    for (const seen of events) {
      switch (seen.type) {
        case "cut":
          this.#find(seen.failure, from);
          break;
        case "lost":
          this.#find(seen.failure, from);
          this.note(`the ${from}'s bytes cannot be read as frames from here on; they are passed on`);
          break;
        case "after-close":
          this.#find(engineFailures.create("data-after-close", { bytes: seen.bytes }), from);
          break;
        case "rest":
          this.#showBody(from, seen.bytes);
          break;
        case "frame":
          this.#tellFrame(from, seen.frame, seen.failures, seen.controlPayload);
      }
    }
  }

  #tellFrame(
    from: Role,
    frame: ToldFrame,
    failures: readonly Failure[],
    controlPayload: Uint8Array | undefined,
  ): void {
    const atMs = this.#now();
    const all = [...failures];
    let rttMs: number | undefined;
    if (frame.opcode === "ping") {
      const unanswered = this.#pings[from].sent(controlPayload!, atMs);
      // The fault is on the side that leaves pings unanswered, but here is where it shows.
      if (unanswered) all.push(unanswered);
    } else if (frame.opcode === "pong") {
      const pong = this.#pings[other(from)].answered(controlPayload!, atMs);
      rttMs = pong.rttMs;
      if (pong.failure) all.push(pong.failure);
    } else if (frame.opcode === "close") {
      this.#closes.push({ reason: "", ...frame.close, side: from, atMs });
    }
    if (frame.event?.name.startsWith("pusher:")) this.#isPusher = true;
    if (from === "server" && frame.event?.name === "pusher:error") this.#pusherError = frame.event.detail;
    const findings = all.map((failure) => ({ failure, isRepeated: !this.#count(failure, from) }));
    this.#tell({ type: "frame", from, ...frame, ...(rttMs !== undefined && { rttMs }), findings });
  }

  // -- Telling

  #tell(told: Told<TapEvent>): void {
    // `Told` takes away exactly the two fields that are put back here.
    this.#options.emit({ ...told, connection: this.#number, atMs: this.#now() } as TapEvent);
  }

  #tellHead(type: "request" | "response", from: Role, text: string): void {
    this.#tell({ type, from, ...showHead(text, { allHeaders: this.#options.display === "full" }) });
  }

  #find(failure: Failure, from: Role): void {
    const isRepeated = !this.#count(failure, from);
    this.#tell({ type: "finding", from, failure, isRepeated });
  }

  /** Counts a failure; true the first time. */
  #count(failure: Failure, from: Role): boolean {
    if (failure.severity === "fatal") this.#faults[from] ??= failure;
    if (failure.severity !== "info") this.#findings += 1;
    const key = `${from} ${failure.name}`;
    if (this.#said.has(key)) return false;
    this.#said.add(key);
    return true;
  }

  #showBody(from: Role, bytes: Uint8Array): void {
    if (this.#options.display === "hidden") return;
    const preview = this.#bodies[from].push(bytes);
    if (preview !== undefined) this.#tell({ type: "body", from, preview });
  }

  #tellBody(from: Role): void {
    const preview = this.#bodies[from].end();
    if (preview !== undefined) this.#tell({ type: "body", from, preview });
  }

  #now(): number {
    return this.#options.now() - this.#startedMs;
  }

  // -- The end

  #collectFacts(endedAtMs: number): EndFacts {
    const waiting: Partial<Record<Role, number>> = {};
    for (const side of ["client", "server"] as const) {
      const sinceMs = this.#pings[side].waitingSinceMs;
      if (sinceMs !== undefined) waiting[side] = sinceMs;
    }
    return {
      phase: this.#phase,
      endedAtMs,
      ends: this.#ends,
      closes: this.#closes,
      faults: this.#faults,
      lastBytesAtMs: this.#lastBytesAtMs,
      responseBytes: this.#responseBytes,
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

  #countTraffic(side: Role): EndEvent["traffic"]["client"] {
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

function other(side: Role): Role {
  return side === "client" ? "server" : "client";
}

function formatResponse({ httpVersion, status, reasonPhrase, rawHeaders }: ResponseHead): string {
  const lines = [`HTTP/${httpVersion} ${status} ${reasonPhrase}`.trimEnd()];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}
