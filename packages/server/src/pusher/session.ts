/**
 * One Pusher client on one connection: text messages in, text messages out through the transport, joins and leaves into
 * the hub. The shell makes one per admitted connection and calls it in this order: `open`, any number of `receive…`,
 * `closed`. It never throws on what a client sends, and after `closed` nothing of it is left anywhere.
 */
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import type { Subscriber } from "../channels/channel-hub.ts";
import type { Subscription } from "../channels/hub-connection.ts";
import type { LocalHub } from "../channels/local-hub.ts";
import { admissionFailures } from "../failures/admission-failures.ts";
import { messageFailures } from "../failures/message-failures.ts";
import { sessionFailures } from "../failures/session-failures.ts";
import { signinFailures } from "../failures/signin-failures.ts";
import { isFull, refusalCode } from "./admission.ts";
import { jsonTypeOf } from "./bounded-json.ts";
import { clientEventPrefix, sendClientEvent } from "./client-event.ts";
import { type InboundMessage, parseMessage, readDataObject } from "./envelope.ts";
import { excerpt } from "./excerpt.ts";
import { formatConnectionEstablished, formatError, pongEvent } from "./outgoing-events.ts";
import { pusherCodes, toCloseReason } from "./pusher-codes.ts";
import { RateWindow } from "./rate-window.ts";
import type { Now, Scheduler } from "./scheduler.ts";
import type { ErrorSubject, SessionContext, SignedInUser } from "./session-context.ts";
import { signIn } from "./signin.ts";
import { subscribe, unsubscribe } from "./subscribe.ts";

/** Where a failure happened, for logs and metrics. */
export interface FailureContext {
  readonly appId: string;
  readonly socketId: string;
  readonly channel?: string;
}

export interface SessionOptions {
  /** Gives the app as well, as its settings are at each moment. */
  readonly hub: LocalHub;
  readonly transport: Subscriber;
  /** Not taken by any live connection; see `createSocketId`. */
  readonly socketId: string;
  readonly now: Now;
  readonly scheduler: Scheduler;
  /** Called for everything that goes wrong, before the client is told. */
  readonly report: (failure: Failure, context: FailureContext) => void;
  /** Whether the node is shutting down: no new subscriptions then. */
  readonly isDraining?: () => boolean;
}

const minuteMs = 60_000;

/** Refused signatures per minute and connection that are compared with known mistakes. */
const maxDiagnosesPerMinute = 10;

export class PusherSession implements SessionContext {
  readonly hub: LocalHub;
  readonly transport: Subscriber;
  readonly socketId: string;
  readonly subscriptions = new Map<string, Subscription>();
  user: SignedInUser | undefined;

  readonly #options: SessionOptions;
  readonly #messages = new RateWindow();
  readonly #protocolErrors = new RateWindow();
  readonly #clientEvents = new RateWindow();
  readonly #diagnoses = new RateWindow();
  #cancelDeadline: (() => void) | undefined;
  #authorised: boolean;
  #closed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.hub = options.hub;
    this.transport = options.transport;
    this.socketId = options.socketId;
    this.#authorised = !options.hub.app.connection.requireUserAuthentication;
  }

  get app(): App {
    return this.hub.app;
  }

  get userId(): string | undefined {
    return this.user?.id;
  }

  get authorised(): boolean {
    return this.#authorised;
  }

  get draining(): boolean {
    return this.#options.isDraining?.() ?? false;
  }

  /** Enters the hub and greets the client. To be called once, as soon as the connection is open. */
  open(): void {
    const { activityTimeoutSeconds, userAuthenticationTimeoutMs } = this.app.connection;
    this.hub.connect(this);
    if (!this.#authorised) {
      this.#cancelDeadline = this.#options.scheduler.schedule(userAuthenticationTimeoutMs, () => {
        this.end(signinFailures.create("signin-deadline-missed", { timeoutMs: userAuthenticationTimeoutMs }));
      });
    }
    this.send(formatConnectionEstablished(this.socketId, activityTimeoutSeconds));
  }

  /** Handles one text message. */
  receiveText(text: string): void {
    if (this.#closed || !this.#admitMessage()) return;
    const parsed = parseMessage(text);
    if (parsed.ok) this.#dispatch(parsed.message);
    else this.refuseMessage(parsed.failure);
  }

  /** The client did not answer a ping: closes with 4201. */
  missedPong(waitedMs: number): void {
    this.end(sessionFailures.create("session-pong-missed", { waitedMs }));
  }

  /** More waits to be sent than the app allows: closes with 4100. */
  fellBehind(bufferedBytes: number): void {
    const limit = this.app.connection.maxBufferedBytes;
    this.end(sessionFailures.create("session-client-too-slow", { bufferedBytes, limit }));
  }

  /** The connection is gone, for whatever reason: takes everything of it back. May be called again. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelDeadline?.();
    this.hub.disconnect(this);
  }

  end(failure: Failure, code: number = failure.closeCode ?? pusherCodes.unauthorised): void {
    if (this.#closed) return;
    this.report(failure);
    // Below 4000 are codes of the WebSocket protocol, which pusher:error does not know.
    if (code >= 4000) this.send(formatError(this.app.profile, code, failure.message));
    this.transport.close(code, toCloseReason(failure.message));
    this.closed();
  }

  send(text: string): void {
    if (!this.#closed) this.transport.send(text);
  }

  sendError(
    code: number | null,
    failure: Failure,
    { channel, message = failure.message }: ErrorSubject = {},
  ): void {
    this.report(failure, channel);
    this.send(formatError(this.app.profile, code, message, channel));
  }

  refuseMessage(failure: Failure): void {
    const limit = this.app.connection.maxProtocolErrorsPerMinute;
    if (!this.#protocolErrors.admit(this.#options.now(), limit, minuteMs)) {
      this.report(failure);
      this.end(messageFailures.create("message-errors-exceeded", { limit }));
      return;
    }
    // Reverb's code and text, which its clients and tests compare.
    if (this.app.profile === "reverb") {
      this.sendError(pusherCodes.reconnect, failure, { message: "Invalid message format" });
    } else {
      this.sendError(null, failure);
    }
  }

  report(failure: Failure, channel?: string): void {
    const context = { appId: this.app.id, socketId: this.socketId };
    const name = channel === undefined ? {} : { channel: excerpt(channel, this.app.channels.maxNameLength) };
    this.#options.report(failure, { ...context, ...name });
  }

  authorise(): boolean {
    if (this.#authorised) return true;
    const { id, profile, connection } = this.app;
    if (isFull(this.hub.authorisedCount(), connection.maxConnections)) {
      const evidence = { appId: id, limit: connection.maxConnections };
      const failure = admissionFailures.create("app-connections-exceeded", evidence);
      this.end(failure, refusalCode(failure, profile));
      return false;
    }
    this.#authorised = true;
    this.hub.authorise(this);
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
    return true;
  }

  mayDiagnose(): boolean {
    return this.#diagnoses.admit(this.#options.now(), maxDiagnosesPerMinute, minuteMs);
  }

  admitClientEvent(): boolean {
    return this.#clientEvents.admit(this.#options.now(), this.app.rates.maxClientEventsPerSecond, 1000);
  }

  #dispatch(message: InboundMessage): void {
    switch (message.event) {
      case "pusher:ping":
        this.send(pongEvent);
        break;
      case "pusher:subscribe":
        this.#handle(message, subscribe);
        break;
      case "pusher:unsubscribe":
        this.#handle(message, unsubscribe);
        break;
      case "pusher:signin":
        this.#handle(message, signIn);
        break;
      case "pusher:pong":
        break;
      default:
        this.#dispatchByPrefix(message);
    }
  }

  #dispatchByPrefix(message: InboundMessage): void {
    const { event } = message;
    if (event.startsWith(clientEventPrefix)) sendClientEvent(this, message);
    else if (event.startsWith("pusher:") || event.startsWith("pusher_internal:")) {
      this.report(messageFailures.create("message-event-ignored", { event: excerpt(event) }));
    } else this.refuseMessage(messageFailures.create("message-event-not-allowed", { event: excerpt(event) }));
  }

  #handle(message: InboundMessage, rule: typeof subscribe): void {
    const data = readDataObject(message.data);
    if (data) rule(this, data);
    else {
      const evidence = { event: message.event, type: jsonTypeOf(message.data) };
      this.refuseMessage(messageFailures.create("message-data-invalid", evidence));
    }
  }

  #admitMessage(): boolean {
    const { messages, terminateOnLimit } = this.app.rates;
    if (messages === undefined) return true;
    if (this.#messages.admit(this.#options.now(), messages.max, messages.windowSeconds * 1000)) return true;
    const failure = messageFailures.create("message-rate-exceeded", {
      limit: messages.max,
      windowSeconds: messages.windowSeconds,
    });
    if (terminateOnLimit) this.end(failure, pusherCodes.unauthorised);
    else this.sendError(pusherCodes.clientEventRefused, failure);
    return false;
  }
}
