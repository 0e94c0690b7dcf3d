/**
 * One opening handshake on a socket that Node's HTTP server has handed over: ask the hook, answer (RFC 6455 §4.2). From
 * here on nobody else listens to the socket and no timer of Node's applies to it, so every way out of this file either
 * makes a connection or ends the socket. A handshake whose hook decides at once costs no promise, timer or listener.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { engineFailures } from "../failures/engine-failures.ts";
import { type Failure, FailureError } from "../failures/failure.ts";
import { prefersJson } from "../protocol/accept-header.ts";
import type { NegotiatedDeflate } from "../protocol/permessage-deflate.ts";
import { acceptDeflateOffers } from "../protocol/permessage-deflate-negotiation.ts";
import { detectDeflateQuirk } from "../protocol/permessage-deflate-quirks.ts";
import { formatRefusal } from "../protocol/refusal.ts";
import {
  judgeChosenSubprotocol,
  judgeSubprotocolOverlap,
  selectSubprotocol,
} from "../protocol/subprotocol.ts";
import { formatSwitchingProtocols } from "../protocol/switching-protocols.ts";
import { computeAccept } from "./accept-value.ts";
import { EarlyData } from "./early-data.ts";
import { refuseSocket } from "./refuse-socket.ts";
import type { Route } from "./route.ts";
import {
  type AcceptOptions,
  type HandshakeRequest,
  UpgradeContext,
  type UpgradeOutcome,
} from "./upgrade-decision.ts";

/** What a handshake needs. */
export interface HandshakeInput<Data> {
  readonly request: HandshakeRequest;
  readonly route: Route<Data>;
  readonly socket: Duplex;
  /** Bytes behind the request head. */
  readonly head: Uint8Array;
  readonly maxEarlyDataBytes: number;
  /** A failure to log and count, with what was thrown if the application did. */
  readonly report: (failure: Failure, cause?: unknown) => void;
}

/** An accepted handshake whose 101 is written. */
export interface CompletedHandshake<Data> {
  readonly subprotocol: string;
  readonly deflate: NegotiatedDeflate | undefined;
  readonly data: Data | undefined;
  /** What the hook overrides for this connection. */
  readonly settings: AcceptOptions<Data>["settings"];
  /** Bytes that came before the 101; only in `compat`. */
  readonly earlyData: Uint8Array;
}

/** Refuses with the status that the failure carries. */
export function refuseWith(socket: Duplex, raw: IncomingMessage, failure: Failure): void {
  const acceptsJson = prefersJson(raw.headers.accept);
  refuseSocket(socket, formatRefusal({ status: failure.httpStatus ?? 500, failure, acceptsJson }));
}

export class Handshake<Data> {
  readonly #input: HandshakeInput<Data>;
  readonly #context: UpgradeContext<Data>;

  constructor(input: HandshakeInput<Data>) {
    this.#input = input;
    this.#context = new UpgradeContext<Data>(input.request);
  }

  /**
   * Carries the handshake out. Gives what was agreed, or `undefined` once the client is refused or gone; a promise of it
   * if the hook takes its time. Never rejects.
   */
  run(): CompletedHandshake<Data> | undefined | Promise<CompletedHandshake<Data> | undefined> {
    const { head, route } = this.#input;
    if (head.length > 0 && route.host.settings.strictness === "strict") {
      this.#refuseEarlyData(head.length);
      return undefined;
    }
    try {
      const deciding = route.options.upgrade?.(this.#context);
      if (deciding instanceof Promise) return this.#waitFor(deciding);
    } catch (error) {
      return this.#conclude(this.#judgeError(error), head);
    }
    return this.#conclude(this.#outcome(), head);
  }

  /** Ends a handshake that waits for its hook: nothing can be decided after it. */
  abort(failure: Failure): void {
    if (this.#context.isAborted) return;
    this.#context.abort(new FailureError(failure));
    this.#input.report(failure);
    const { socket, request } = this.#input;
    if (failure.httpStatus === undefined) socket.destroy();
    else refuseWith(socket, request.raw, failure);
  }

  #refuseEarlyData(bytes: number): void {
    this.abort(engineFailures.create("handshake-early-data", { bytes }));
  }

  /** The hook's decision; none is a yes. */
  #outcome(): UpgradeOutcome<Data> {
    return this.#context.outcome ?? { accepted: true, options: {} };
  }

  async #waitFor(deciding: Promise<void>): Promise<CompletedHandshake<Data> | undefined> {
    const { socket, head, route, maxEarlyDataBytes } = this.#input;
    const early = new EarlyData(socket, head, maxEarlyDataBytes, {
      onData: (bytes) => {
        if (route.host.settings.strictness === "strict") this.#refuseEarlyData(bytes);
      },
      onGone: () => this.abort(engineFailures.create("handshake-client-gone", {})),
    });
    const outcome = await this.#decide(deciding);
    // Whoever aborted has answered, and reads on so that the answer arrives; or there is nobody left to answer.
    if (this.#context.isAborted) {
      early.release();
      return undefined;
    }
    return this.#conclude(outcome, early.stop());
  }

  /** The decision of a hook that takes its time, within its limit. */
  async #decide(deciding: Promise<void>): Promise<UpgradeOutcome<Data>> {
    const { upgradeTimeoutMs } = this.#input.route.rules;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<"timeout">((resolve) => {
      timer = setTimeout(resolve, upgradeTimeoutMs, "timeout");
    });
    try {
      const first = await Promise.race([deciding, timeout, this.#context.aborted]);
      if (first !== "timeout") return this.#outcome();
    } catch (error) {
      return this.#judgeError(error);
    } finally {
      clearTimeout(timer);
    }
    // What the hook throws from here on is nothing new if it throws because of the abort.
    deciding.catch((error: unknown) => {
      if (!isAbortError(error, this.#context.signal)) {
        this.#input.report(engineFailures.create("handshake-hook-threw"), error);
      }
    });
    const evidence = { timeoutMs: upgradeTimeoutMs, retryAfterSeconds: 5 };
    const failure = engineFailures.create("handshake-hook-timeout", evidence);
    this.abort(failure);
    return refusal(failure, true);
  }

  #judgeError(error: unknown): UpgradeOutcome<never> {
    const failure =
      error instanceof FailureError ? error.failure : engineFailures.create("handshake-hook-threw");
    // A hook that throws because it was aborted has done what it should.
    if (!this.#context.isAborted) this.#input.report(failure, error);
    return refusal(failure, true);
  }

  #conclude(outcome: UpgradeOutcome<Data>, earlyData: Uint8Array): CompletedHandshake<Data> | undefined {
    this.#context.close();
    if (outcome.accepted) return this.#answer(outcome.options, earlyData);
    if (!outcome.isReported) this.#input.report(outcome.failure);
    const acceptsJson = prefersJson(this.#input.request.raw.headers.accept);
    try {
      refuseSocket(this.#input.socket, formatRefusal({ ...outcome.refusal, acceptsJson }));
    } catch (error) {
      // The hook made a failure of its own, of which no response can be made.
      if (!(error instanceof FailureError)) throw error;
      this.#refuse(engineFailures.create("handshake-hook-threw"), error);
    }
    return undefined;
  }

  #answer(options: AcceptOptions<Data>, earlyData: Uint8Array): CompletedHandshake<Data> | undefined {
    const { request, route, socket } = this.#input;
    const subprotocol = this.#chooseSubprotocol(options.subprotocol);
    if (subprotocol !== undefined && typeof subprotocol !== "string") return this.#refuse(subprotocol);
    const compression = this.#negotiateDeflate();
    const formatted = formatSwitchingProtocols({
      accept: computeAccept(request.key),
      subprotocol,
      extensions: compression?.response,
      headers: options.headers,
    });
    if (!formatted.ok) return this.#refuse(formatted.failure);
    let { data } = options;
    try {
      data ??= route.options.data?.(request);
    } catch (error) {
      return this.#refuse(engineFailures.create("handshake-hook-threw"), error);
    }
    socket.write(formatted.text, "latin1");
    const { settings } = options;
    return { subprotocol: subprotocol ?? "", deflate: compression?.parameters, data, settings, earlyData };
  }

  #refuse(failure: Failure, cause?: unknown): undefined {
    this.#input.report(failure, cause);
    refuseWith(this.#input.socket, this.#input.request.raw, failure);
  }

  /** The name to answer, `undefined` for none, or the failure. */
  #chooseSubprotocol(chosenByHook: string | undefined): string | Failure | undefined {
    const { request, route, report } = this.#input;
    const offered = request.subprotocols;
    const { subprotocols, subprotocolPreference, subprotocolRequired } = route.rules;
    if (chosenByHook !== undefined) return judgeChosenSubprotocol(offered, chosenByHook) ?? chosenByHook;
    const selected = selectSubprotocol(offered, subprotocols, { preference: subprotocolPreference });
    const overlap = judgeSubprotocolOverlap(offered, subprotocols, {
      selected,
      required: subprotocolRequired,
    });
    if (overlap?.severity === "fatal") return overlap;
    if (overlap) report(overlap);
    return selected;
  }

  #negotiateDeflate(): { parameters: NegotiatedDeflate; response: string } | undefined {
    const { request, route, report } = this.#input;
    if (route.deflate === undefined || request.extensionOffers.length === 0) return undefined;
    const accepted = acceptDeflateOffers(request.extensionOffers, route.deflate);
    if (accepted === undefined) return undefined;
    if ("declined" in accepted) {
      report(accepted.declined);
      return undefined;
    }
    const quirk = detectDeflateQuirk(request.header("user-agent"));
    if (quirk) {
      report(quirk);
      return undefined;
    }
    return accepted;
  }
}

function isAbortError(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}

function refusal(failure: Failure, isReported = false): UpgradeOutcome<never> {
  return { accepted: false, failure, refusal: { status: failure.httpStatus ?? 500, failure }, isReported };
}
