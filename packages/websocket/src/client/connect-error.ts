/** What {@link connect} rejects with: the failure's name, how long each stage took, and what the server answered. */
import { type Failure, FailureError } from "../failures/failure.ts";
import type { HeaderLine } from "../protocol/header-fields.ts";

/** Milliseconds spent in each stage that was reached; the last one is where the attempt ended. */
export interface StageTimings {
  readonly dnsMs?: number;
  readonly tcpMs?: number;
  /** CONNECT and its answer. */
  readonly proxyMs?: number;
  readonly tlsMs?: number;
  readonly upgradeMs?: number;
}

/** An answer that is not the 101 which was hoped for. It may hold secrets, so nothing logs it by itself. */
export interface RefusedResponse {
  readonly status: number;
  readonly reasonPhrase: string;
  readonly headers: readonly HeaderLine[];
  /** At most 64 KiB. */
  readonly body: Uint8Array;
  /** Milliseconds, if a Retry-After header asks to wait. */
  readonly retryAfterMs: number | undefined;
}

/** A {@link FailureError} of the opening handshake as the client sees it. Match `code`. */
export class ConnectError extends FailureError {
  // Private, so that neither a logger nor util.inspect prints what the server said.
  readonly #response: RefusedResponse | undefined;
  readonly timings: StageTimings;

  constructor(
    failure: Failure,
    details: { timings?: StageTimings; response?: RefusedResponse | undefined; cause?: unknown } = {},
  ) {
    const timings = details.timings ?? {};
    const withTimings = { ...failure, evidence: { ...failure.evidence, ...timings } };
    super(withTimings, details.cause === undefined ? undefined : { cause: details.cause });
    this.timings = timings;
    this.#response = details.response;
  }

  /** The server's or proxy's answer, where one came. */
  get response(): RefusedResponse | undefined {
    return this.#response;
  }
}
