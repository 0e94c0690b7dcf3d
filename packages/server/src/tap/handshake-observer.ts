/**
 * The handshake as it passes: the client's request, the server's answer, and what stands where they should be. The bytes
 * of both sides go in until a 101 has passed; then what was agreed comes out, with the bytes that belong to the frames.
 */
import { engineFailures, type Role } from "@antiphon/websocket";
import type { NegotiatedDeflate } from "@antiphon/websocket/frames";
import {
  type HandshakeInspection,
  inspectHandshake,
  type ResponseHead,
  ResponseHeadReader,
} from "@antiphon/websocket/inspect";
import type { ConnectionTeller } from "./connection-teller.ts";
import { HeadCollector } from "./head-collector.ts";
import { readHeaders } from "./http-head.ts";
import { observerBounds } from "./observer-options.ts";
import { escapeUnsafe } from "../cli/safe-text.ts";

/** How far a handshake came; `plain-http` and `foreign` are none. */
export type HandshakePhase = "request" | "response" | "plain-http" | "refused" | "foreign" | "open";

/** What begins with a 101. */
export interface OpenedFrames {
  readonly deflate: NegotiatedDeflate | undefined;
  /** Frames that came behind the request; `undefined` if there was too much to keep. */
  readonly early: Uint8Array | undefined;
  /** Frames that came behind the answer; a view of the last chunk. */
  readonly rest: Uint8Array;
}

/** Reads what any agreement allows: for an answer that does not tell what was agreed. */
const widestDeflate: NegotiatedDeflate = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

export class HandshakeObserver {
  readonly #teller: ConnectionTeller;
  readonly #request = new HeadCollector(observerBounds.headBytes);
  readonly #response = new ResponseHeadReader(observerBounds.headBytes);
  #phase: HandshakePhase = "request";
  #requestText = "";
  #early: Buffer | undefined = Buffer.alloc(0);
  #isAnswered = false;
  #responseBytes = 0;

  constructor(teller: ConnectionTeller) {
    this.#teller = teller;
  }

  get phase(): HandshakePhase {
    return this.#phase;
  }

  /** Bytes that the server has sent. */
  get responseBytes(): number {
    return this.#responseBytes;
  }

  passedFromClient(chunk: Uint8Array): void {
    if (this.#phase === "response") {
      this.#keepEarly(chunk);
      return;
    }
    if (this.#phase !== "request") {
      this.#teller.body("client", chunk);
      return;
    }
    const collected = this.#request.push(chunk);
    if (collected.status === "foreign") this.#judgeForeignRequest(collected.bytes);
    if (collected.status !== "head") return;
    this.#judgeRequest(collected.text);
    if (collected.rest.length > 0) this.passedFromClient(collected.rest);
  }

  /** The frames, once the answer is a 101. */
  passedFromServer(chunk: Uint8Array): OpenedFrames | undefined {
    const isAnswer = this.#phase === "response" || this.#phase === "plain-http";
    this.#responseBytes += chunk.length;
    if (!isAnswer || this.#isAnswered) {
      this.#teller.body("server", chunk);
      return undefined;
    }
    const result = this.#response.push(chunk);
    if (result.status === "need-more") return undefined;
    this.#isAnswered = true;
    if (result.status === "failure") {
      this.#phase = "foreign";
      this.#teller.find(result.failure, "server");
      this.#teller.body("server", chunk);
      return undefined;
    }
    const opened = this.#judgeResponse(result.head, result.rest);
    if (opened === undefined) this.#teller.body("server", result.rest);
    return opened;
  }

  /** The direction of this side is over. */
  ended(side: Role): void {
    if (side !== "client" || this.#phase !== "request" || this.#request.bytes.length === 0) return;
    this.#judgeForeignRequest(this.#request.bytes);
  }

  #judgeRequest(text: string): void {
    this.#requestText = text;
    this.#teller.head("request", "client", text);
    if (!meansWebSocket(text)) {
      this.#phase = "plain-http";
      this.#teller.note("plain HTTP, not a WebSocket: it is passed on, and only its first answer is shown");
      return;
    }
    this.#phase = "response";
    for (const { failure } of inspectHandshake(text).findings) this.#teller.find(failure, "client");
  }

  /** What the client sends is no HTTP request: TLS, another protocol, or a head without end. */
  #judgeForeignRequest(bytes: Uint8Array): void {
    this.#phase = "foreign";
    const [first] = inspectHandshake(Buffer.from(bytes).toString("latin1")).findings;
    if (first) this.#teller.find(first.failure, "client");
    this.#teller.body("client", bytes);
  }

  #keepEarly(chunk: Uint8Array): void {
    if (this.#early === undefined) return;
    const fits = this.#early.length + chunk.length <= observerBounds.earlyBytes;
    this.#early = fits ? Buffer.concat([this.#early, chunk]) : undefined;
  }

  #judgeResponse(head: ResponseHead, rest: Uint8Array): OpenedFrames | undefined {
    const text = formatResponse(head);
    this.#teller.head("response", "server", text);
    if (this.#phase === "plain-http") return undefined;
    const { findings, agreed } = inspectHandshake(this.#requestText, text);
    for (const finding of findings) {
      if (finding.in === "response") this.#teller.find(finding.failure, "server");
    }
    if (head.status !== 101) {
      this.#phase = "refused";
      this.#noteHost();
      return undefined;
    }
    this.#phase = "open";
    if (agreed) this.#teller.note(describeAgreement(agreed));
    this.#judgeEarly();
    const mentionsDeflate = /permessage-deflate/i.test(readHeaders(text, "sec-websocket-extensions").join());
    const deflate = agreed ? agreed.deflate : mentionsDeflate ? widestDeflate : undefined;
    return { deflate, early: this.#early, rest };
  }

  /** A client has to wait for the answer before it sends frames (RFC 6455 §4.1). */
  #judgeEarly(): void {
    const bytes = this.#early?.length ?? observerBounds.earlyBytes;
    if (bytes > 0) this.#teller.find(engineFailures.create("handshake-early-data", { bytes }), "client");
    if (this.#early === undefined) {
      this.#teller.note("that was too much to keep: the client's frames are passed on but not shown");
    }
  }

  /** A server of several names answers by the Host header, and the client's names the tap. */
  #noteHost(): void {
    const { targetHost } = this.#teller.options;
    const [host] = readHeaders(this.#requestText, "host");
    if (targetHost === undefined || host === undefined || host.toLowerCase() === targetHost) return;
    const shown = escapeUnsafe(host);
    this.#teller.note(
      `the target was asked for Host ${shown}, not ${targetHost}; --rewrite-host changes that`,
    );
  }
}

function meansWebSocket(request: string): boolean {
  return (
    readHeaders(request, "sec-websocket-key").length > 0 ||
    readHeaders(request, "upgrade").some((value) => /\bwebsocket\b/i.test(value))
  );
}

function describeAgreement({ subprotocol, deflate }: NonNullable<HandshakeInspection["agreed"]>): string {
  const protocol = subprotocol === "" ? "no subprotocol" : "a subprotocol";
  if (deflate === undefined) return `the handshake is right: ${protocol}, no compression`;
  const server = describeWindow(deflate.serverMaxWindowBits, deflate.serverNoContextTakeover);
  const client = describeWindow(deflate.clientMaxWindowBits, deflate.clientNoContextTakeover);
  return `the handshake is right: ${protocol}, permessage-deflate (server ${server}; client ${client})`;
}

function describeWindow(bits: number, isForgetful: boolean): string {
  return `${bits} bits${isForgetful ? ", no context takeover" : ""}`;
}

function formatResponse({ httpVersion, status, reasonPhrase, rawHeaders }: ResponseHead): string {
  const lines = [`HTTP/${httpVersion} ${status} ${reasonPhrase}`.trimEnd()];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}
