import type { Failure } from "@antiphon/websocket";
import Pusher from "pusher";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WebhookEventName, WebhookSettings } from "../apps/app.ts";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import { testApp } from "../pusher/app.test.harness.ts";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { WebhookDispatcher, type WebhookDispatcherOptions } from "./webhook-dispatcher.ts";
import type { WebhookQueue } from "./webhook-queue.ts";
import { startReceiver, type WebhookReceiver } from "./webhook-receiver.test.harness.ts";
import { HttpWebhookSender } from "./webhook-sender.ts";
import type { DeliveryResult } from "./webhook-target.ts";

const allEvents: readonly WebhookEventName[] = [
  "channel_occupied",
  "channel_vacated",
  "member_added",
  "member_removed",
  "client_event",
  "cache_miss",
  "subscription_count",
];

const delivery = {
  batching: { enabled: false, durationMs: 50, maxEvents: 100 },
  retryForMs: 300_000,
  maxConcurrentRequests: 16,
  maxQueuedEvents: 1000,
};

/** The time of day is not that of the clock that measures. */
const dayMs = 1_700_000_000_123;

let receiver: WebhookReceiver;
let clock: ManualClock;
let sender: HttpWebhookSender;
let results: DeliveryResult[];
let reported: Failure[];

beforeEach(async () => {
  receiver = await startReceiver();
  clock = new ManualClock();
  sender = new HttpWebhookSender(
    { timeoutMs: 10_000, maxConcurrentRequests: 16, denyPrivateAddresses: false },
    clock,
  );
  results = [];
  reported = [];
});

afterEach(async () => {
  sender.close();
  await receiver.stop();
});

function webhook(overrides: Partial<WebhookSettings> = {}): WebhookSettings {
  return { url: receiver.url, eventTypes: allEvents, headers: {}, debounceMs: 0, ...overrides };
}

function dispatch(
  webhooks: readonly WebhookSettings[] = [webhook()],
  overrides: Partial<WebhookDispatcherOptions> = {},
) {
  // Of this test only: what an earlier dispatcher still does must not be seen.
  const [mine, failures] = [results, reported];
  return new WebhookDispatcher({
    app: testApp({ webhooks }),
    delivery,
    sender,
    now: clock.now,
    timeOfDay: () => dayMs,
    scheduler: clock,
    random: () => 0.5,
    onDelivery: (result) => mine.push(result),
    report: (failure) => failures.push(failure),
    ...overrides,
  });
}

const occupied = (channel: string): ChannelOccurrence => ({ name: "channel_occupied", channel });
const vacated = (channel: string): ChannelOccurrence => ({ name: "channel_vacated", channel });

function fail() {
  return Promise.reject(new Error("connection refused"));
}

function outcomes() {
  return results.map(({ outcome }) => outcome);
}

function receivedEvents() {
  return receiver.received.map(({ events }) =>
    events.map(({ name, channel }) => `${name} ${channel}`).join(", "),
  );
}

describe("a webhook request", () => {
  it("has exactly the headers and the body of the protocol", async () => {
    dispatch([
      webhook({ headers: { "X-Own": "1", "x-pusher-key": "forged", "CONTENT-TYPE": "text/plain" } }),
    ]).accept(occupied("private-foobar"));
    await expect.poll(outcomes).toEqual(["delivered"]);
    const [request] = receiver.received;
    const spelled = request?.rawHeaders.filter((_, index) => index % 2 === 0);
    expect(spelled).toEqual(
      expect.arrayContaining(["X-Pusher-Key", "X-Pusher-Signature", "Content-Type", "X-Own", "User-Agent"]),
    );
    expect(request?.headers).toMatchObject({
      "content-type": "application/json",
      "x-pusher-key": "278d425bdf160c739803",
      "x-own": "1",
    });
    expect(request?.body).toBe(
      `{"time_ms":${dayMs},"events":[{"name":"channel_occupied","channel":"private-foobar"}]}`,
    );
  });

  it("has the signature of the documented example", async () => {
    dispatch([webhook()], { timeOfDay: () => 1_353_088_179_000 }).accept(occupied("private-foobar"));
    await expect.poll(outcomes).toEqual(["delivered"]);
    expect(receiver.received[0]?.headers["x-pusher-signature"]).toBe(
      "9a0069f4f6a2398ae23fb5b4e3bfce6191f704093a76fd7094f4634c210ccec0",
    );
  });

  it("is valid for the Node SDK, whatever text it holds", async () => {
    const { key, secret } = testApp();
    const pusher = new Pusher({ appId: "3", key, secret, cluster: "eu" });
    dispatch().accept({
      name: "client_event",
      channel: "presence-a",
      event: "client-x",
      data: { text: "é 🦉 \ud800" },
      socketId: "1.2",
      userId: "7",
    });
    await expect.poll(outcomes).toEqual(["delivered"]);
    const { headers = {}, body = "" } = receiver.received[0] ?? {};
    const received = pusher.webhook({ headers, rawBody: body });
    expect(received.isValid()).toBe(true);
    expect(received.getTime().getTime()).toBe(dayMs);
    expect(received.getEvents()[0]).toMatchObject({ name: "client_event", user_id: "7", socket_id: "1.2" });
    expect(pusher.webhook({ headers, rawBody: `${body} ` }).isValid()).toBe(false);
  });

  it("is signed with the secret that is being replaced while there is one", async () => {
    const app = testApp({ webhooks: [webhook()], previousSecret: "old" });
    const pusher = new Pusher({ appId: "3", key: app.key, secret: "old", cluster: "eu" });
    dispatch([], { app }).accept(occupied("a"));
    await expect.poll(outcomes).toEqual(["delivered"]);
    const { headers = {}, body = "" } = receiver.received[0] ?? {};
    expect(pusher.webhook({ headers, rawBody: body }).isValid()).toBe(true);
  });

  it("leaves out a header that HTTP does not allow, and says so", async () => {
    dispatch([webhook({ headers: { "bad name": "1", ok: "a\nb", fine: "1" } })]).accept(occupied("a"));
    await expect.poll(outcomes).toEqual(["delivered"]);
    expect(reported.map(({ name, evidence }) => `${name} ${String(evidence["header"])}`)).toEqual([
      "webhook-header-invalid bad name",
    ]);
    expect(receiver.received[0]?.headers).toMatchObject({ fine: "1" });
  });
});

describe("filters", () => {
  it("decide what is sent, each webhook for itself", async () => {
    const dispatcher = dispatch([
      webhook({ url: `${receiver.url}/occupied`, eventTypes: ["channel_occupied"] }),
      webhook({ url: `${receiver.url}/presence`, filter: { channelNameStartsWith: "presence-" } }),
    ]);
    dispatcher.accept(occupied("a"));
    dispatcher.accept(vacated("a"));
    dispatcher.accept({ name: "member_added", channel: "presence-b", userId: "7" });
    await expect.poll(outcomes).toEqual(["delivered", "delivered"]);
    expect(receiver.received.map(({ path, body }) => [path, JSON.parse(body).events])).toEqual(
      expect.arrayContaining([
        ["/hook/occupied", [{ name: "channel_occupied", channel: "a" }]],
        ["/hook/presence", [{ name: "member_added", channel: "presence-b", user_id: "7" }]],
      ]),
    );
  });

  it("of types do not keep a return from cancelling a departure", async () => {
    const dispatcher = dispatch([
      webhook({ eventTypes: ["channel_vacated", "cache_miss"], debounceMs: 3000 }),
    ]);
    dispatcher.accept(vacated("a"));
    dispatcher.accept(occupied("a"));
    clock.advance(10_000);
    dispatcher.accept({ name: "cache_miss", channel: "a" });
    await expect.poll(receivedEvents).toEqual(["cache_miss a"]);
  });
});

describe("the debounce", () => {
  it("cancels a departure and its return, and delivers a departure that stays", async () => {
    const dispatcher = dispatch([webhook({ debounceMs: 3000 })]);
    dispatcher.accept(occupied("a"));
    await expect.poll(receivedEvents).toEqual(["channel_occupied a"]);
    dispatcher.accept(vacated("a"));
    clock.advance(2000);
    dispatcher.accept(occupied("a"));
    dispatcher.accept(vacated("a"));
    clock.advance(3000);
    await expect.poll(receivedEvents).toEqual(["channel_occupied a", "channel_vacated a"]);
  });
});

describe("delivery", () => {
  it("is tried again after 1 s, with the same bytes, until the receiver takes it", async () => {
    let failures = 2;
    receiver.answer = (response) => {
      response.statusCode = failures-- > 0 ? 500 : 204;
      response.end();
    };
    dispatch().accept(occupied("a"));
    await expect.poll(outcomes).toEqual(["retrying"]);
    clock.advance(999);
    expect(receiver.received).toHaveLength(1);
    clock.advance(1);
    await expect.poll(outcomes).toEqual(["retrying", "retrying"]);
    clock.advance(2000);
    await expect.poll(outcomes).toEqual(["retrying", "retrying", "delivered"]);
    expect(results.at(-1)).toMatchObject({ attempts: 3, status: 204, events: 1 });
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(receiver.received.map(({ headers }) => headers["x-pusher-signature"])).size).toBe(1);
    expect(reported.map(({ name }) => name)).toEqual(["webhook-refused"]);
  });

  it("is given up after five minutes, counted, and reported once", async () => {
    receiver.answer = (response) => {
      response.statusCode = 500;
      response.end();
    };
    dispatch().accept(occupied("a"));
    // The next would be tried 303 s after the first.
    const delays = [1, 2, 4, 8, 16, 32, 60, 60, 60];
    for (const [index, seconds] of delays.entries()) {
      await expect.poll(outcomes).toEqual(delays.slice(0, index + 1).map(() => "retrying"));
      clock.advance(seconds * 1000);
    }
    await expect.poll(outcomes).toHaveLength(10);
    expect(results.at(-1)).toMatchObject({ outcome: "given-up", attempts: 10, events: 1, status: 500 });
    expect(receiver.received).toHaveLength(10);
    expect(reported.map(({ name }) => name)).toEqual(["webhook-refused", "webhook-given-up"]);
  });

  it("is tried once when retries are off", async () => {
    receiver.answer = (response) => {
      response.statusCode = 503;
      response.end();
    };
    dispatch([webhook()], { delivery: { ...delivery, retryForMs: 0 } }).accept(occupied("a"));
    await expect.poll(outcomes).toEqual(["given-up"]);
    expect(clock.pending).toBe(0);
  });

  it("keeps the order of a channel over retries, while other channels go on", async () => {
    let refuse = true;
    receiver.answer = (response, { events }) => {
      if (refuse && events[0]?.channel === "a") response.statusCode = 500;
      response.end();
    };
    const dispatcher = dispatch();
    dispatcher.accept(occupied("a"));
    dispatcher.accept(vacated("a"));
    dispatcher.accept(occupied("b"));
    await expect.poll(() => outcomes().toSorted()).toEqual(["delivered", "retrying"]);
    refuse = false;
    clock.advance(1000);
    await expect.poll(outcomes).toHaveLength(4);
    expect(receivedEvents().filter((text) => text.endsWith(" a"))).toEqual([
      "channel_occupied a",
      "channel_occupied a",
      "channel_vacated a",
    ]);
    expect(await dispatcher.depth()).toBe(0);
  });

  it("has no more requests under way for one webhook than allowed", async () => {
    const waiting: (() => void)[] = [];
    receiver.answer = (response) => waiting.push(() => response.end());
    const dispatcher = dispatch([webhook()], { delivery: { ...delivery, maxConcurrentRequests: 2 } });
    for (const channel of ["a", "b", "c"]) dispatcher.accept(occupied(channel));
    await expect.poll(() => waiting.length).toBe(2);
    expect(await dispatcher.depth()).toBe(3);
    waiting[0]?.();
    await expect.poll(() => waiting.length).toBe(3);
    expect(receivedEvents().toSorted()).toEqual([
      "channel_occupied a",
      "channel_occupied b",
      "channel_occupied c",
    ]);
  });

  it("drops the oldest events when too many wait, counts them and reports it once", async () => {
    receiver.answer = () => {};
    const limits = { ...delivery, maxConcurrentRequests: 1, maxQueuedEvents: 2 };
    const dispatcher = dispatch([webhook()], { delivery: limits });
    dispatcher.accept(occupied("a"));
    await expect.poll(receivedEvents).toEqual(["channel_occupied a"]);
    for (const channel of ["b", "c", "d", "e"]) dispatcher.accept(occupied(channel));
    await expect.poll(outcomes).toEqual(["dropped", "dropped"]);
    expect(reported.map(({ name }) => name)).toEqual(["webhook-queue-full"]);
    expect(await dispatcher.depth()).toBe(3);
  });

  it("survives a queue that is down, and says so", async () => {
    const queue: WebhookQueue = { add: fail, take: fail, settle: fail, depth: fail };
    const dispatcher = dispatch([webhook()], { createQueue: () => queue });
    dispatcher.accept(occupied("a"));
    await expect.poll(() => reported.map(({ name }) => name)).toEqual(["webhook-queue-unavailable"]);
    expect(await dispatcher.depth()).toBe(0);
    await dispatcher.flush(1000);
  });
});

describe("batching", () => {
  const batching = { enabled: true, durationMs: 50, maxEvents: 3 };

  it("collects the events of a while into one request", async () => {
    const dispatcher = dispatch([webhook()], { delivery: { ...delivery, batching } });
    dispatcher.accept(occupied("a"));
    dispatcher.accept(vacated("a"));
    await expect.poll(() => clock.pending).toBe(1);
    clock.advance(49);
    expect(receiver.received).toEqual([]);
    clock.advance(1);
    await expect.poll(receivedEvents).toEqual(["channel_occupied a, channel_vacated a"]);
  });

  it("does not wait when a request is full", async () => {
    const dispatcher = dispatch([webhook()], { delivery: { ...delivery, batching } });
    for (const channel of ["a", "b", "c", "d"]) dispatcher.accept(occupied(channel));
    await expect.poll(receivedEvents).toEqual(["channel_occupied a, channel_occupied b, channel_occupied c"]);
    clock.advance(50);
    await expect.poll(receivedEvents).toHaveLength(2);
  });

  it("never mixes apps or targets", async () => {
    const first = dispatch([webhook({ url: `${receiver.url}/1` }), webhook({ url: `${receiver.url}/2` })], {
      delivery: { ...delivery, batching },
    });
    const app = testApp({ key: "other", webhooks: [webhook({ url: `${receiver.url}/3` })] });
    const second = dispatch([], { app, delivery: { ...delivery, batching } });
    for (const channel of ["a", "b", "c"]) {
      first.accept(occupied(channel));
      second.accept(occupied(`other-${channel}`));
    }
    await expect.poll(outcomes).toEqual(["delivered", "delivered", "delivered"]);
    const received = receiver.received.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    expect(
      received.map(({ path, headers, events }) => [path, headers["x-pusher-key"], events[0]?.channel]),
    ).toEqual([
      ["/hook/1", "278d425bdf160c739803", "a"],
      ["/hook/2", "278d425bdf160c739803", "a"],
      ["/hook/3", "other", "other-a"],
    ]);
  });
});

describe("a flush", () => {
  it("delivers at once what waits in debounce and batch", async () => {
    const dispatcher = dispatch([webhook({ debounceMs: 3000 })], {
      delivery: { ...delivery, batching: { enabled: true, durationMs: 50, maxEvents: 10 } },
    });
    dispatcher.accept(occupied("b"));
    dispatcher.accept(vacated("a"));
    await dispatcher.flush(1000);
    expect(receivedEvents().join(", ").split(", ").toSorted()).toEqual([
      "channel_occupied b",
      "channel_vacated a",
    ]);
    expect(clock.pending).toBe(0);
  });

  it("is done at once when nothing waits", async () => {
    await dispatch().flush(1000);
    expect(clock.pending).toBe(0);
  });

  it("gives up at the deadline, and says what is lost", async () => {
    receiver.answer = (response) => {
      response.statusCode = 500;
      response.end();
    };
    const dispatcher = dispatch();
    dispatcher.accept(occupied("a"));
    dispatcher.accept(vacated("a"));
    await expect.poll(outcomes).toEqual(["retrying"]);
    const flushed = dispatcher.flush(500);
    await expect.poll(outcomes).toEqual(["retrying", "retrying"]);
    clock.advance(500);
    await flushed;
    expect(results.at(-1)).toMatchObject({ outcome: "lost-on-shutdown", events: 2 });
    expect(reported.map(({ name }) => name)).toEqual(["webhook-refused", "webhook-lost-on-shutdown"]);
    expect(clock.pending).toBe(0);
    dispatcher.accept(occupied("b"));
    expect(receiver.received).toHaveLength(2);
  });

  it("tries again at once what waits for its next attempt", async () => {
    let failures = 1;
    receiver.answer = (response) => {
      response.statusCode = failures-- > 0 ? 500 : 200;
      response.end();
    };
    const dispatcher = dispatch();
    dispatcher.accept(occupied("a"));
    await expect.poll(outcomes).toEqual(["retrying"]);
    await dispatcher.flush(1000);
    expect(outcomes()).toEqual(["retrying", "delivered"]);
    expect(clock.pending).toBe(0);
  });
});
