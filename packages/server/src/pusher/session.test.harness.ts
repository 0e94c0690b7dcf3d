/**
 * One app on one node for the tests of this folder and of `channels/`: a hub, a clock, and clients whose transports
 * record what they are sent.
 */
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import type { ChannelOccurrence, FanOut, Subscriber } from "../channels/channel-hub.ts";
import { LocalHub } from "../channels/local-hub.ts";
import type { ClusterAdapter } from "../cluster/cluster-adapter.ts";
import { type AppOverrides, testApp } from "./app.test.harness.ts";
import { signText } from "./digest.ts";
import { ManualClock } from "./manual-clock.test.harness.ts";
import { PusherSession } from "./session.ts";
import { channelSigningText, signinSigningText } from "./signing-text.ts";

/** A transport that remembers. A message of its own first flushes what its channels hold for it, as the engine does. */
class Recorder implements Subscriber {
  readonly fanOuts = new Set<RecordingFanOut>();
  messages: string[] = [];
  closedWith: readonly [number, string] | undefined;
  /** Called for every message; lets a test close connections in the middle of a broadcast. */
  onMessage: ((text: string) => void) | undefined;

  send(text: string): void {
    for (const fanOut of this.fanOuts) fanOut.flush();
    this.receive(text);
  }

  receive(text: string): void {
    if (this.closedWith) return;
    this.messages.push(text);
    this.onMessage?.(text);
  }

  close(code: number, reason: string): void {
    this.closedWith ??= [code, reason];
  }
}

/** Holds what is published until it is flushed, or passes it on at once. */
class RecordingFanOut implements FanOut<Recorder> {
  readonly #subscribers = new Set<Recorder>();
  readonly #batched: boolean;
  #pending: { text: string; except: Recorder | undefined }[] = [];

  constructor(batched: boolean) {
    this.#batched = batched;
  }

  add(subscriber: Recorder): void {
    this.flush();
    this.#subscribers.add(subscriber);
    subscriber.fanOuts.add(this);
  }

  delete(subscriber: Recorder): void {
    this.flush();
    this.#subscribers.delete(subscriber);
    subscriber.fanOuts.delete(this);
  }

  publish(text: string, except?: Recorder): void {
    this.#pending.push({ text, except });
    if (!this.#batched) this.flush();
  }

  flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const { text, except } of pending) {
      for (const subscriber of this.#subscribers) if (subscriber !== except) subscriber.receive(text);
    }
  }
}

export class TestClient {
  readonly session: PusherSession;
  readonly transport: Recorder;
  readonly #app: App;

  constructor(session: PusherSession, transport: Recorder, app: App) {
    this.session = session;
    this.transport = transport;
    this.#app = app;
  }

  get closedWith(): readonly [number, string] | undefined {
    return this.transport.closedWith;
  }

  /** What arrived since the last call. */
  take(): string[] {
    for (const fanOut of this.transport.fanOuts) fanOut.flush();
    return this.transport.messages.splice(0);
  }

  /** The event names of {@link take}. */
  takeEvents(): string[] {
    return this.take().map((text) => (JSON.parse(text) as { event: string }).event);
  }

  send(message: unknown): this {
    this.session.receiveText(JSON.stringify(message));
    return this;
  }

  /** Subscribes with a good signature where the name asks for one. */
  subscribe(channel: string, channelData?: string): this {
    const auth = this.authFor(channelSigningText(this.session.socketId, channel, channelData));
    return this.send({
      event: "pusher:subscribe",
      data: { channel, auth, ...(channelData !== undefined && { channel_data: channelData }) },
    });
  }

  unsubscribe(channel: string): this {
    return this.send({ event: "pusher:unsubscribe", data: { channel } });
  }

  signIn(userData: string): this {
    const auth = this.authFor(signinSigningText(this.session.socketId, userData));
    return this.send({ event: "pusher:signin", data: { auth, user_data: userData } });
  }

  authFor(text: string): string {
    return `${this.#app.key}:${signText(this.#app.secret, text)}`;
  }
}

export interface TestNodeOptions {
  readonly batched?: boolean;
  /** The nodes of one cluster share a clock. */
  readonly clock?: ManualClock;
  readonly cluster?: ClusterAdapter;
  /** Socket ids begin behind this number. */
  readonly clientsBefore?: number;
}

export class TestNode {
  readonly clock: ManualClock;
  readonly hub: LocalHub;
  readonly occurrences: ChannelOccurrence[] = [];
  readonly reports: Failure[] = [];
  draining = false;
  #clients: number;

  constructor(overrides: AppOverrides = {}, options: TestNodeOptions = {}) {
    const { batched = false, clock = new ManualClock(), cluster, clientsBefore = 0 } = options;
    this.clock = clock;
    this.#clients = clientsBefore;
    this.hub = new LocalHub({
      app: testApp(overrides),
      createFanOut: () => new RecordingFanOut(batched),
      now: this.clock.now,
      scheduler: this.clock,
      ...(cluster && { cluster }),
    });
    this.hub.onOccurrence((occurrence) => this.occurrences.push(occurrence));
  }

  /** A client that is open and has read its greeting. Socket ids are 1.1, 2.2, 3.3 … */
  connect(): TestClient {
    const client = this.prepare();
    client.session.open();
    client.take();
    return client;
  }

  /** A client that is not open yet. */
  prepare(): TestClient {
    const number = ++this.#clients;
    const transport = new Recorder();
    const session = new PusherSession({
      hub: this.hub,
      transport,
      socketId: `${number}.${number}`,
      now: this.clock.now,
      scheduler: this.clock,
      report: (failure) => this.reports.push(failure),
      isDraining: () => this.draining,
    });
    return new TestClient(session, transport, this.hub.app);
  }

  /** Names of what was reported since the last call. */
  takeReports(): string[] {
    return this.reports.splice(0).map(({ name }) => name);
  }

  /** What happened in the channels since the last call. */
  takeOccurrences(): ChannelOccurrence[] {
    return this.occurrences.splice(0);
  }
}

/** The JSON text of `channel_data`. */
export function member(userId: string | number, userInfo?: unknown): string {
  return JSON.stringify({ user_id: userId, user_info: userInfo });
}
