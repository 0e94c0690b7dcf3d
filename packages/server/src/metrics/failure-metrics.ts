/**
 * Failures counted by name, one counter for each layer that reports them. The names come from the catalogues, so the
 * series are bounded; evidence, which may name channels and users, is not looked at.
 */
import type { Failure } from "@antiphon/websocket";
import { Counter } from "prom-client";
import type { AdmissionFailureName } from "../failures/admission-failures.ts";
import type { SigninFailureName } from "../failures/signin-failures.ts";
import type { SubscribeFailureName } from "../failures/subscribe-failures.ts";
import type { MetricScope } from "./metric-scope.ts";

/** Keys and signatures that were missing or wrong; with them counts the whole phase `api-signature`. */
const authFailures: ReadonlySet<string> = new Set<
  AdmissionFailureName | SubscribeFailureName | SigninFailureName
>([
  "app-key-unknown",
  "subscribe-auth-missing",
  "subscribe-auth-malformed",
  "subscribe-key-mismatch",
  "subscribe-signature-mismatch",
  "signin-auth-missing",
  "signin-auth-malformed",
  "signin-key-mismatch",
  "signin-signature-mismatch",
  "signin-deadline-missed",
]);

export class FailureMetrics {
  readonly #handshakes: Counter<"failure">;
  readonly #connections: Counter<"failure">;
  readonly #sessions: Counter<"failure">;
  readonly #requests: Counter<"failure">;
  readonly #auth: Counter<"reason">;
  readonly #slowConsumers: Counter;

  constructor({ registry, prefix }: MetricScope) {
    const registers = [registry];
    const count = (name: string, help: string): Counter<"failure"> =>
      new Counter({ name: prefix + name, help, labelNames: ["failure"], registers });
    this.#handshakes = count("handshake_failures_total", "Upgrade requests that failed, by failure.");
    this.#connections = count(
      "connection_failures_total",
      "Failures of open WebSocket connections (frames, close, liveness), by failure.",
    );
    this.#sessions = count(
      "session_failures_total",
      "What clients were refused by the rules of the Pusher protocol, from admission on, by failure.",
    );
    this.#requests = count("http_failures_total", "Refused HTTP requests, by failure.");
    this.#auth = new Counter({
      name: `${prefix}auth_failures_total`,
      help: "Missing or wrong keys and signatures, by failure; the failures are counted by their layer as well.",
      labelNames: ["reason"],
      registers,
    });
    this.#slowConsumers = new Counter({
      name: `${prefix}slow_consumer_disconnects_total`,
      help: "Connections that were closed because the client read too slowly.",
      registers,
    });
  }

  /** A failure from the engine: of a connection, or of a handshake that did not become one. */
  countEngine({ name }: Failure, isConnected: boolean): void {
    (isConnected ? this.#connections : this.#handshakes).inc({ failure: name });
    if (name === "slow-consumer") this.#slowConsumers.inc();
  }

  /** A failure from the gateway or a session. */
  countSession(failure: Failure): void {
    this.#sessions.inc({ failure: failure.name });
    this.#countAuth(failure);
  }

  /** A refusal by the HTTP side. */
  countRequest(failure: Failure): void {
    this.#requests.inc({ failure: failure.name });
    this.#countAuth(failure);
  }

  #countAuth({ name, phase }: Failure): void {
    if (phase === "api-signature" || authFailures.has(name)) this.#auth.inc({ reason: name });
  }
}
