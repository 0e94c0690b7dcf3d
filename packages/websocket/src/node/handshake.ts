/**
 * One opening handshake on a socket that Node's HTTP server has handed over: judge, ask the hook, answer (RFC 6455 §4.2).
 * From here on nobody else listens to the socket and no timer of Node's applies to it, so every way out of this file
 * either makes a connection or ends the socket.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { engineFailures } from "../failures/engine-failures.ts";
import { type Failure, FailureError } from "../failures/failure.ts";
import { prefersJson } from "../protocol/accept-header.ts";
import type { NegotiatedDeflate } from "../protocol/permessage-deflate.ts";
import { acceptDeflateOffers } from "../protocol/permessage-deflate-negotiation.ts";
import { detectDeflateQuirk } from "../protocol/permessage-deflate-quirks.ts";
import { formatRefusal, type Refusal } from "../protocol/refusal.ts";
import {
  judgeChosenSubprotocol,
  judgeSubprotocolOverlap,
  selectSubprotocol,
} from "../protocol/subprotocol.ts";
import { formatSwitchingProtocols } from "../protocol/switching-protocols.ts";
import { computeAccept } from "./accept-value.ts";
import { refuseSocket } from "./refuse-socket.ts";
import type { Route } from "./route.ts";
import {
  type AcceptOptions,
  type HandshakeRequest,
  UpgradeContext,
  type UpgradeOutcome,
} from "./upgrade-decision.ts";

/** A handshake that is waiting for its hook, or about to be answered. */
export interface PendingHandshake<Data> {
  readonly request: HandshakeRequest;
  readonly route: Route<Data>;
  readonly socket: Duplex;
  /** Bytes behind the request head. */
  readonly head: Uint8Array;
  readonly maxEarlyDataBytes: number;
  /** Aborted by the server when it shuts down. */
  readonly abort: AbortController;
  /** A failure to log and count, with what was thrown if the application did. */
  report(failure: Failure, cause?: unknown): void;
}

/** An accepted handshake whose 101 is written. */
export interface CompletedHandshake<Data> {
  readonly subprotocol: string;
  readonly deflate: NegotiatedDeflate | undefined;
  /** What the hook decided, and gave along. */
  readonly options: AcceptOptions<Data>;
  /** Bytes that came before the 101; only in `compat`. */
  readonly earlyData: Uint8Array;
}

/** Carries the handshake out. Resolves with what was agreed, or with `undefined` once the client is refused or gone. */
export async function performHandshake<Data>(
  pending: PendingHandshake<Data>,
): Promise<CompletedHandshake<Data> | undefined> {
  const early = new EarlyData(pending);
  const outcome = await askHook(pending);
  const earlyData = early.stop();
  // Whoever aborted has answered, or there is nobody left to answer.
  if (pending.abort.signal.aborted) return undefined;
  if (!outcome.accepted) {
    pending.report(outcome.failure);
    refuse(pending, outcome.refusal);
    return undefined;
  }
  return answer(pending, outcome.options, earlyData);
}

/** Refuses with the status that the failure carries. */
export function refuseWith(socket: Duplex, raw: IncomingMessage, failure: Failure): void {
  const acceptsJson = prefersJson(raw.headers.accept);
  refuseSocket(socket, formatRefusal({ status: failure.httpStatus ?? 500, failure, acceptsJson }));
}

function answer<Data>(
  pending: PendingHandshake<Data>,
  options: AcceptOptions<Data>,
  earlyData: Uint8Array,
): CompletedHandshake<Data> | undefined {
  const { request, socket, report } = pending;
  const subprotocol = chooseSubprotocol(pending, options.subprotocol);
  if (subprotocol !== undefined && typeof subprotocol !== "string") {
    report(subprotocol);
    refuseWith(socket, request.raw, subprotocol);
    return undefined;
  }
  const compression = negotiateDeflate(pending);
  const formatted = formatSwitchingProtocols({
    accept: computeAccept(request.key),
    subprotocol,
    extensions: compression?.response,
    headers: options.headers,
  });
  if (!formatted.ok) {
    report(formatted.failure);
    refuseWith(socket, request.raw, formatted.failure);
    return undefined;
  }
  socket.write(formatted.text, "latin1");
  return { subprotocol: subprotocol ?? "", deflate: compression?.parameters, options, earlyData };
}

function negotiateDeflate<Data>({
  request,
  route,
  report,
}: PendingHandshake<Data>): { parameters: NegotiatedDeflate; response: string } | undefined {
  if (route.deflate === undefined) return undefined;
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

/** The name to answer, `undefined` for none, or the failure. */
function chooseSubprotocol<Data>(
  { request, route, report }: PendingHandshake<Data>,
  chosenByHook: string | undefined,
): string | Failure | undefined {
  const offered = request.subprotocols;
  const { subprotocols, subprotocolPreference, subprotocolRequired } = route.rules;
  if (chosenByHook !== undefined) return judgeChosenSubprotocol(offered, chosenByHook) ?? chosenByHook;
  const selected = selectSubprotocol(offered, subprotocols, { preference: subprotocolPreference });
  const overlap = judgeSubprotocolOverlap(offered, subprotocols, { selected, required: subprotocolRequired });
  if (overlap?.severity === "fatal") return overlap;
  if (overlap) report(overlap);
  return selected;
}

/** Runs the hook under its clock. Never rejects. */
async function askHook<Data>(pending: PendingHandshake<Data>): Promise<UpgradeOutcome<Data>> {
  const { route, request, abort } = pending;
  const { upgrade } = route.options;
  if (upgrade === undefined) return { accepted: true, options: {} };
  const { upgradeTimeoutMs } = route.rules;
  const context = new UpgradeContext<Data>(request, abort.signal);
  let timer: NodeJS.Timeout | undefined;
  try {
    const deciding = upgrade.call(route.options, context);
    if (deciding instanceof Promise) {
      const timeout = new Promise<"timeout">((resolve) => {
        timer = setTimeout(resolve, upgradeTimeoutMs, "timeout");
      });
      const aborted = new Promise<void>((resolve) => {
        abort.signal.addEventListener("abort", () => resolve(), { once: true });
      });
      if ((await Promise.race([deciding, timeout, aborted])) === "timeout") {
        deciding.catch((error: unknown) =>
          pending.report(engineFailures.create("handshake-hook-threw"), error),
        );
        const evidence = { timeoutMs: upgradeTimeoutMs, retryAfterSeconds: 5 };
        return refusal(engineFailures.create("handshake-hook-timeout", evidence));
      }
    }
    return context.outcome ?? { accepted: true, options: {} };
  } catch (error) {
    if (abort.signal.aborted) return { accepted: true, options: {} };
    const failure =
      error instanceof FailureError ? error.failure : engineFailures.create("handshake-hook-threw");
    pending.report(failure, error);
    return refusal(failure);
  } finally {
    clearTimeout(timer);
  }
}

function refusal(failure: Failure): UpgradeOutcome<never> {
  return { accepted: false, failure, refusal: { status: failure.httpStatus ?? 500, failure } };
}

function refuse<Data>({ socket, request }: PendingHandshake<Data>, refusal: Refusal): void {
  refuseSocket(socket, formatRefusal({ ...refusal, acceptsJson: prefersJson(request.raw.headers.accept) }));
}

/**
 * Reads while the hook decides: notices a client that goes away, and holds what one sends too early, but only so much of
 * it that a client cannot fill memory before it is let in.
 */
class EarlyData<Data> {
  readonly #pending: PendingHandshake<Data>;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(pending: PendingHandshake<Data>) {
    this.#pending = pending;
    const { socket, head } = pending;
    if (head.length > 0) this.#hold(head);
    socket.on("data", this.#hold);
    socket.on("end", this.#leave);
    socket.on("close", this.#leave);
  }

  stop(): Uint8Array {
    const { socket } = this.#pending;
    socket.pause();
    socket.off("data", this.#hold);
    socket.off("end", this.#leave);
    socket.off("close", this.#leave);
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
  }

  readonly #hold = (chunk: Uint8Array): void => {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const { abort, route, socket, request, maxEarlyDataBytes, report } = this.#pending;
    if (abort.signal.aborted) return;
    const failure = engineFailures.create("handshake-early-data", { bytes: this.#bytes });
    if (route.host.settings.strictness === "strict") {
      abort.abort(new FailureError(failure));
      report(failure);
      refuseWith(socket, request.raw, failure);
    } else if (this.#bytes >= maxEarlyDataBytes) {
      socket.pause();
    }
  };

  readonly #leave = (): void => {
    const { abort, socket, report } = this.#pending;
    if (abort.signal.aborted) return;
    const failure = engineFailures.create("handshake-client-gone", {});
    abort.abort(new FailureError(failure));
    report(failure);
    socket.destroy();
  };
}
