import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { AppHubs } from "../channels/app-hubs.ts";
import { LocalHub } from "../channels/local-hub.ts";
import { testApp } from "../pusher/app.test.harness.ts";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { type Scrape, scrape, startNode, type TestNode } from "./metrics.test.harness.ts";

const ours = [
  ["connected", "gauge"],
  ["channels", "gauge"],
  ["presence_members", "gauge"],
  ["new_connections_total", "counter"],
  ["new_disconnections_total", "counter"],
  ["socket_received_bytes", "counter"],
  ["socket_transmitted_bytes", "counter"],
  ["ws_messages_received_total", "counter"],
  ["ws_messages_sent_total", "counter"],
  ["http_received_bytes", "counter"],
  ["http_transmitted_bytes", "counter"],
  ["http_calls_received_total", "counter"],
  ["handshake_failures_total", "counter"],
  ["connection_failures_total", "counter"],
  ["session_failures_total", "counter"],
  ["http_failures_total", "counter"],
  ["auth_failures_total", "counter"],
  ["slow_consumer_disconnects_total", "counter"],
  ["webhook_deliveries_total", "counter"],
  ["webhook_events_dropped_total", "counter"],
  ["webhook_queue_depth", "gauge"],
  ["publish_to_deliver_ms", "histogram"],
  ["event_loop_lag_ms", "gauge"],
] as const;

let node: TestNode | undefined;

afterEach(async () => {
  await node?.stop();
  node = undefined;
});

/** Metrics with nobody connected. */
function idleMetrics({ prefix = "antiphon_", webhookQueueDepth = async () => 0 } = {}) {
  const clock = new ManualClock();
  const hubs: AppHubs = new AppHubs(
    (app) =>
      new LocalHub({
        app,
        createFanOut: () => metrics.createFanOut(app.id),
        now: clock.now,
        scheduler: clock,
      }),
  );
  const metrics: Metrics = createMetrics({ prefix, port: () => 6001, hubs, webhookQueueDepth });
  return { metrics, hubs };
}

describe("names", () => {
  it.each(["antiphon_", "soketi_"])(
    "are these under the prefix %s, besides those of the process",
    async (prefix) => {
      const { metrics } = idleMetrics({ prefix });
      const all = JSON.parse(await metrics.formatJson()) as { name: string; type: string }[];
      const process = new RegExp(`^${prefix}(process|nodejs)_`);
      expect(all.filter(({ name }) => !process.test(name)).map(({ name, type }) => [name, type])).toEqual(
        ours.map(([name, type]) => [prefix + name, type]),
      );
      expect(all.map(({ name }) => name)).toContain(`${prefix}process_resident_memory_bytes`);
      expect(all.map(({ name }) => name)).toContain(`${prefix}nodejs_version_info`);
    },
  );

  it("do not clash when a process has two servers", () => {
    idleMetrics();
    expect(() => idleMetrics()).not.toThrow();
  });
});

describe("an app that nobody has used yet", () => {
  it("has gauges and counters of zero as soon as its hub exists", async () => {
    const { metrics, hubs } = idleMetrics();
    hubs.for(testApp({ id: "7" }));
    const series = await scrape(metrics);
    expect(series.get('antiphon_connected{app_id="7",port="6001"}')).toBe(0);
    expect(series.get('antiphon_presence_members{app_id="7",port="6001"}')).toBe(0);
    expect(series.get('antiphon_ws_messages_sent_total{app_id="7",port="6001"}')).toBe(0);
    expect(series.get('antiphon_new_connections_total{app_id="7",port="6001"}')).toBe(0);
  });
});

describe("clients", () => {
  it("count as connected until they are gone", async () => {
    node = await startNode();
    const labels = `{app_id="3",port="${node.port}"}`;
    const first = await node.connect();
    await node.connect();
    let series = await scrape(node.metrics);
    expect(series.get(`antiphon_connected${labels}`)).toBe(2);
    expect(series.get(`antiphon_new_connections_total${labels}`)).toBe(2);
    expect(series.get(`antiphon_new_disconnections_total${labels}`)).toBe(0);
    const gone = node.disconnection();
    first.close();
    await gone;
    series = await scrape(node.metrics);
    expect(series.get(`antiphon_connected${labels}`)).toBe(1);
    expect(series.get(`antiphon_new_connections_total${labels}`)).toBe(2);
    expect(series.get(`antiphon_new_disconnections_total${labels}`)).toBe(1);
  });

  it("get exactly the messages and bytes that are counted, whether alone, in a channel, or left out", async () => {
    node = await startNode();
    const clients = [await node.connect(), await node.connect(), await node.connect()];
    const [first, second] = clients as [(typeof clients)[0], (typeof clients)[0]];
    for (const [index, client] of clients.entries()) {
      await client.subscribe("presence-a", JSON.stringify({ user_id: `é${index}` }));
    }
    node.hub.publish({ name: "e", channel: "presence-a", data: "zürich" });
    node.hub.publish({
      name: "e",
      channel: "presence-a",
      data: "not for the first",
      exceptSocketId: first.socketId,
    });
    node.hub.publish({ name: "e", channel: "presence-a", data: "all", exceptSocketId: "1.1" });
    node.hub.publish({ name: "e", channel: "nobody-here", data: "lost" });
    second.send({ event: "client-x", channel: "presence-a", data: "ü" });
    for (const client of clients) await client.settle();
    await first.settle();

    const labels = `{app_id="3",port="${node.port}"}`;
    const series = await scrape(node.metrics);
    const sum = (pick: (client: (typeof clients)[0]) => number) =>
      clients.reduce((total, client) => total + pick(client), 0);
    expect(sum(({ received }) => received.messages)).toBeGreaterThan(15);
    expect(series.get(`antiphon_ws_messages_sent_total${labels}`)).toBe(
      sum(({ received }) => received.messages),
    );
    expect(series.get(`antiphon_socket_transmitted_bytes${labels}`)).toBe(
      sum(({ received }) => received.bytes),
    );
    expect(series.get(`antiphon_ws_messages_received_total${labels}`)).toBe(sum(({ sent }) => sent.messages));
    expect(series.get(`antiphon_socket_received_bytes${labels}`)).toBe(sum(({ sent }) => sent.bytes));
  });

  it("fill channels, which are counted by type, with members, who are counted once per channel", async () => {
    node = await startNode();
    const [first, second] = [await node.connect(), await node.connect()];
    for (const channel of ["a", "b", "private-a", "cache-a", "private-encrypted-cache-a"]) {
      await first.subscribe(channel);
    }
    await second.subscribe("a");
    const ada = JSON.stringify({ user_id: "ada" });
    await first.subscribe("presence-a", ada);
    await second.subscribe("presence-a", ada);
    await second.subscribe("presence-b", JSON.stringify({ user_id: "bob" }));
    const labels = `app_id="3",port="${node.port}"`;
    const series = await scrape(node.metrics);
    expect([...series].filter(([name]) => name.startsWith("antiphon_channels{"))).toEqual([
      [`antiphon_channels{${labels},type="public"}`, 2],
      [`antiphon_channels{${labels},type="private"}`, 1],
      [`antiphon_channels{${labels},type="cache"}`, 1],
      [`antiphon_channels{${labels},type="private-encrypted-cache"}`, 1],
      [`antiphon_channels{${labels},type="presence"}`, 2],
    ]);
    expect(series.get(`antiphon_presence_members{${labels}}`)).toBe(2);
  });
});

describe("publishes", () => {
  it("are timed once per turn of the event loop, and only if somebody gets them", async () => {
    node = await startNode();
    const client = await node.connect();
    await client.subscribe("a");
    node.hub.publish({ name: "e", channel: "nobody-here", data: "" });
    await client.settle();
    expect((await scrape(node.metrics)).get("antiphon_publish_to_deliver_ms_count")).toBe(0);
    node.hub.publish({ name: "e", channel: "a", data: "" });
    node.hub.publish({ name: "e", channel: "a", data: "" });
    await client.settle();
    expect((await scrape(node.metrics)).get("antiphon_publish_to_deliver_ms_count")).toBe(1);
    node.hub.publish({ name: "e", channel: "a", data: "" });
    await client.settle();
    const series = await scrape(node.metrics);
    expect(series.get("antiphon_publish_to_deliver_ms_count")).toBe(2);
    expect(series.get("antiphon_publish_to_deliver_ms_sum")).toBeGreaterThan(0);
  });
});

function failuresIn(series: Scrape, kind: string): [series: string, value: number][] {
  return [...series].filter(([name]) => name.startsWith(`antiphon_${kind}_failures_total{`));
}

describe("failures of the engine", () => {
  it("count as handshake failures where an upgrade is refused", async () => {
    node = await startNode();
    const headers = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
    const upgrade = request({ port: node.port, path: "/app/key", headers }).end();
    const [response] = (await once(upgrade, "response")) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(400);
    const series = await scrape(node.metrics);
    expect(failuresIn(series, "handshake")).toEqual([
      ['antiphon_handshake_failures_total{failure="handshake-key-missing"}', 1],
    ]);
    expect(failuresIn(series, "connection")).toEqual([]);
  });

  it("count as connection failures where a client vanishes without a Close frame", async () => {
    node = await startNode();
    const client = await node.connect();
    const gone = node.disconnection();
    client.vanish();
    await gone;
    const series = await scrape(node.metrics);
    expect(failuresIn(series, "connection")).toEqual([
      ['antiphon_connection_failures_total{failure="close-without-frame"}', 1],
    ]);
    expect(failuresIn(series, "handshake")).toEqual([]);
  });
});

describe("API requests", () => {
  const done = { method: "POST", route: "/apps/:appId/events", status: 200, durationMs: 1 };

  it("count with the bytes of both bodies, for the app that they are for", async () => {
    const { metrics } = idleMetrics();
    metrics.requestDone({ ...done, appId: "3", receivedBytes: 100, sentBytes: 2 });
    metrics.requestDone({ ...done, appId: "3", receivedBytes: 50, sentBytes: 2 });
    metrics.requestDone({ ...done, appId: "4", receivedBytes: 1, sentBytes: 2 });
    const series = await scrape(metrics);
    expect(series.get('antiphon_http_calls_received_total{app_id="3",port="6001"}')).toBe(2);
    expect(series.get('antiphon_http_received_bytes{app_id="3",port="6001"}')).toBe(150);
    expect(series.get('antiphon_http_transmitted_bytes{app_id="3",port="6001"}')).toBe(4);
    expect(series.get('antiphon_http_calls_received_total{app_id="4",port="6001"}')).toBe(1);
  });

  it("do not count where no app is known, such as health checks", async () => {
    const { metrics } = idleMetrics();
    metrics.requestDone({ ...done, appId: undefined, receivedBytes: 100, sentBytes: 2 });
    const names = [...(await scrape(metrics)).keys()];
    expect(names.filter((name) => name.startsWith("antiphon_http_"))).toEqual([]);
  });
});

describe("webhooks", () => {
  it("are counted by result once per request, with the events that will not arrive and those that wait", async () => {
    let waiting = 0;
    const { metrics } = idleMetrics({ webhookQueueDepth: async () => waiting });
    const sent = { attempts: 1, durationMs: 5 };
    metrics.webhookDone({ ...sent, outcome: "delivered", events: 10, status: 200 });
    metrics.webhookDone({ ...sent, outcome: "retrying", events: 4, status: 500 });
    metrics.webhookDone({ ...sent, outcome: "retrying", events: 4, attempts: 2, status: 500 });
    metrics.webhookDone({ ...sent, outcome: "given-up", events: 4, attempts: 3 });
    metrics.webhookDone({ outcome: "dropped", events: 2, attempts: 0, durationMs: 0 });
    metrics.webhookDone({ outcome: "lost-on-shutdown", events: 1, attempts: 0, durationMs: 0 });
    waiting = 5;
    const series = await scrape(metrics);
    expect([...series].filter(([name]) => name.startsWith("antiphon_webhook_"))).toEqual([
      ['antiphon_webhook_deliveries_total{result="delivered"}', 1],
      ['antiphon_webhook_deliveries_total{result="retrying"}', 2],
      ['antiphon_webhook_deliveries_total{result="given-up"}', 1],
      ["antiphon_webhook_events_dropped_total", 7],
      ["antiphon_webhook_queue_depth", 5],
    ]);
  });
});

describe("the event loop", () => {
  it("is reported with its usual, rare and worst lag", async () => {
    const { metrics } = idleMetrics();
    const series = await scrape(metrics);
    const lags = ["0.5", "0.99", "1"].map((each) =>
      series.get(`antiphon_event_loop_lag_ms{quantile="${each}"}`),
    );
    expect(lags).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
    for (const lag of lags) expect(lag).toBeGreaterThanOrEqual(0);
  });
});

describe("labels", () => {
  it("never hold a channel, an event, a user or a socket id, whatever clients and publishers do", async () => {
    node = await startNode();
    const { metrics, hub } = node;
    const client = await node.connect();
    const word = fc.stringMatching(/^[a-z0-9]{12}$/);
    const channels = fc.constantFrom("", "private-", "presence-", "cache-", "private-encrypted-");
    await fc.assert(
      fc.asyncProperty(channels, word, word, word, async (prefix, channel, user, event) => {
        const name = prefix + channel;
        const data = prefix === "presence-" ? JSON.stringify({ user_id: user }) : undefined;
        await client.subscribe(name, data);
        hub.publish({ name: event, channel: name, data: user });
        hub.publish({ name: event, channel: `#server-to-user-${user}`, data: user });
        // Refused: not a member, wrong signature, unknown event.
        client.send({ event: `client-${event}`, channel: `private-${user}`, data: user });
        client.send({
          event: "pusher:subscribe",
          data: { channel: `private-${event}`, auth: `${user}:${event}` },
        });
        client.send({ event: `pusher:${event}`, data: {} });
        await client.settle();
        const text = await metrics.formatText();
        for (const secret of [channel, user, event, client.socketId]) expect(text).not.toContain(secret);
      }),
      { numRuns: 25 },
    );
    const series = await scrape(metrics);
    expect(series.get('antiphon_auth_failures_total{reason="subscribe-key-mismatch"}')).toBeGreaterThan(0);
    expect(
      series.get('antiphon_session_failures_total{failure="client-event-not-subscribed"}'),
    ).toBeGreaterThan(0);
    expect(series.get('antiphon_session_failures_total{failure="message-event-ignored"}')).toBeGreaterThan(0);
  });
});
