/**
 * What an application's handshake hook sees and decides. The engine has validated the request before and writes the
 * answer after; the hook only says yes or no.
 */
import type { IncomingMessage } from "node:http";
import { engineFailures } from "../failures/engine-failures.ts";
import { type Failure, FailureError } from "../failures/failure.ts";
import type { HeaderLine } from "../protocol/header-fields.ts";
import { isRefusalStatus, type Refusal } from "../protocol/refusal.ts";
import { judgeHookHeaders } from "../protocol/response-headers.ts";
import type { AcceptableUpgrade } from "../protocol/upgrade-request.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import type { RouteParameters } from "./route-path.ts";

/** The request as the hook and the handlers see it. */
export interface HandshakeRequest extends AcceptableUpgrade {
  readonly parameters: RouteParameters;
  /** The client's address; see `trustedProxies`. Empty if it is first read after the client has gone. */
  readonly ip: string;
  /** Whether the client speaks TLS; see `trustedProxies`. */
  readonly isSecure: boolean;
  /** Node's request, for cookies and whatever else is in it. */
  readonly raw: IncomingMessage;
}

export interface AcceptOptions<Data> {
  /** One of the offered names. Default: chosen from the route's list. */
  readonly subprotocol?: string;
  /** Further lines of the 101, cookies among them: `["Set-Cookie", "…"]`. */
  readonly headers?: readonly HeaderLine[];
  /** Becomes `connection.data`. */
  readonly data?: Data;
  /** Overrides the route's settings; pass the same object for all connections of one kind. */
  readonly settings?: Partial<ConnectionSettings>;
}

export interface RejectOptions {
  readonly headers?: readonly HeaderLine[];
  /** Takes the place of the explanation. */
  readonly body?: string;
  /** Named in body, log and metrics in place of `handshake-hook-rejected`. */
  readonly failure?: Failure;
}

export type UpgradeOutcome<Data> =
  | { readonly accepted: true; readonly options: AcceptOptions<Data> }
  | {
      readonly accepted: false;
      readonly refusal: Refusal;
      readonly failure: Failure;
      /** Whether the failure was logged and counted already. */
      readonly isReported: boolean;
    };

/** Handed to `upgrade` hooks. Returning without a decision accepts; the return value itself means nothing. */
export class UpgradeContext<Data = unknown> {
  readonly request: HandshakeRequest;
  #abort: AbortController | undefined;
  #abortReason: Error | undefined;
  #isClosed = false;
  #outcome: UpgradeOutcome<Data> | undefined;
  #decision = "";

  constructor(request: HandshakeRequest) {
    this.request = request;
  }

  /** Aborts when the client is gone, time is up, or the server shuts down. Decisions have no effect after it. */
  get signal(): AbortSignal {
    // Made only for hooks that ask: a signal costs more than the whole decision.
    this.#abort ??= new AbortController();
    if (this.#abortReason) this.#abort.abort(this.#abortReason);
    return this.#abort.signal;
  }

  /** @internal */
  get isAborted(): boolean {
    return this.#abortReason !== undefined;
  }

  /** @internal Settles when the handshake is aborted. */
  get aborted(): Promise<void> {
    return new Promise((resolve) => this.signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  /** @internal */
  abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#abort?.abort(reason);
  }

  /** @internal The handshake is answered: what the hook says from here on comes too late. */
  close(): void {
    this.#isClosed = true;
  }

  /** The subprotocols that the client offered, in its order. */
  get offered(): readonly string[] {
    return this.request.subprotocols;
  }

  /** What was decided, if anything was. */
  get outcome(): UpgradeOutcome<Data> | undefined {
    return this.#outcome;
  }

  /** @throws FailureError `handshake-hook-decided-twice`. */
  accept(options: AcceptOptions<Data> = {}): void {
    this.#decide("accept", { accepted: true, options });
  }

  /**
   * Refuses with a 3xx, 4xx or 5xx status.
   * @throws FailureError `handshake-hook-rejected-without-status` for a status that refuses nothing,
   * `handshake-hook-illegal-header`, `handshake-hook-decided-twice`.
   */
  reject(status: number, options: RejectOptions = {}): void {
    if (!isRefusalStatus(status)) {
      throw new FailureError(engineFailures.create("handshake-hook-rejected-without-status", { status }));
    }
    const illegal = judgeHookHeaders(options.headers ?? []);
    if (illegal) throw new FailureError(illegal);
    const failure =
      options.failure ??
      (status === 403
        ? engineFailures.create("handshake-forbidden")
        : engineFailures.create("handshake-hook-rejected", { status }));
    const { headers, body } = options;
    this.#decide("reject", {
      accepted: false,
      refusal: { status, failure, headers, body },
      failure,
      isReported: false,
    });
  }

  /**
   * Refuses with 401 and the challenge that HTTP demands with it, for example `Bearer realm="chat"`.
   * @throws FailureError `handshake-hook-illegal-header`, `handshake-hook-decided-twice`.
   */
  unauthorized(challenge: string, options: { readonly body?: string } = {}): void {
    const illegal = judgeHookHeaders([["WWW-Authenticate", challenge]]);
    if (illegal) throw new FailureError(illegal);
    const failure = engineFailures.create("handshake-unauthenticated", { challenge });
    const refusal = { status: 401, failure, ...options };
    this.#decide("unauthorized", { accepted: false, refusal, failure, isReported: false });
  }

  /** Sends the client elsewhere. Browsers do not follow; other clients may. */
  redirect(location: string, status: 302 | 303 | 307 | 308 = 307): void {
    this.reject(status, { headers: [["Location", location]] });
  }

  #decide(decision: string, outcome: UpgradeOutcome<Data>): void {
    if (this.#outcome) {
      const evidence = { first: this.#decision, second: decision };
      throw new FailureError(engineFailures.create("handshake-hook-decided-twice", evidence));
    }
    this.#decision = decision;
    if (!this.#isClosed) this.#outcome = outcome;
  }
}
