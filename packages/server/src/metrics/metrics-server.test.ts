import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { Failure } from "@antiphon/websocket";
import { afterEach, describe, expect, it } from "vitest";
import { AppHubs } from "../channels/app-hubs.ts";
import { LocalHub } from "../channels/local-hub.ts";
import type { HttpFailureContext, ServerStatus } from "../http/http-api-options.ts";
import { testApp } from "../pusher/app.test.harness.ts";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { createMetrics } from "./metrics.ts";
import { MetricsServer, type MetricsServerOptions } from "./metrics-server.ts";

let server: MetricsServer | undefined;
let reports: { readonly failure: Failure; readonly context: HttpFailureContext }[] = [];

afterEach(async () => {
  await server?.stop();
  server = undefined;
  reports = [];
});

/** Starts a listener on a free port; answers its base URL. */
async function start(overrides: Partial<MetricsServerOptions> = {}): Promise<string> {
  server = new MetricsServer({
    host: "127.0.0.1",
    port: 0,
    metrics: { formatText: async () => "a_metric 1\n", formatJson: async () => '[{"name":"a_metric"}]' },
    status: () => "ready",
    report: (failure, context) => reports.push({ failure, context }),
    ...overrides,
  });
  const url = await server.start();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  return url.slice(0, -"/metrics".length);
}

describe("GET /metrics", () => {
  it("answers Prometheus text, and JSON if asked", async () => {
    const base = await start();
    const text = await fetch(`${base}/metrics`);
    expect([text.status, text.headers.get("content-type")]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    expect(await text.text()).toBe("a_metric 1\n");
    const json = await fetch(`${base}/metrics?json=1`);
    expect([json.status, json.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await json.json()).toEqual([{ name: "a_metric" }]);
  });

  it("serves the metrics of a node", async () => {
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
    const metrics = createMetrics({ prefix: "soketi_", port: () => 6001, hubs });
    hubs.for(testApp());
    metrics.connected("3");
    const base = await start({ metrics });
    expect(await (await fetch(`${base}/metrics`)).text()).toContain(
      'soketi_new_connections_total{app_id="3",port="6001"} 1\n',
    );
  });

  it("answers 500 without the cause, which goes to the report, when collecting fails", async () => {
    const error = new Error("of interest to the operator only");
    const base = await start({
      metrics: { formatText: () => Promise.reject(error), formatJson: () => Promise.reject(error) },
    });
    const answer = await fetch(`${base}/metrics`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("operator only");
    expect(reports).toEqual([
      {
        failure: expect.objectContaining({ name: "http-internal-error" }),
        context: expect.objectContaining({ method: "GET", path: "/metrics", error }),
      },
    ]);
  });
});

describe("health", () => {
  it("answers /usage with the memory in bytes and percent", async () => {
    const base = await start({ memoryUse: () => ({ usedSize: 250, totalSize: 1000 }) });
    const answer = await fetch(`${base}/usage`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('{"memory":{"free":750,"used":250,"total":1000,"percent":25}}');
  });

  it("answers / always, and /ready only while the server takes traffic", async () => {
    let status: ServerStatus = "starting";
    const base = await start({ status: () => status });
    const statuses: number[] = [];
    for (status of ["starting", "ready", "draining"] as const) {
      statuses.push((await fetch(`${base}/ready`)).status, (await fetch(`${base}/`)).status);
    }
    expect(statuses).toEqual([503, 200, 200, 200, 503, 200]);
    const refusal = await fetch(`${base}/ready`);
    expect(refusal.headers.get("retry-after")).toBe("1");
    expect(await refusal.json()).toEqual({
      error: expect.stringContaining("The server is draining."),
      code: 503,
    });
  });
});

describe("anything else", () => {
  it("is refused with 404 where the path is unknown, and the refusal is reported", async () => {
    const base = await start();
    const answer = await fetch(`${base}/apps/3/events?auth_signature=secret`, { method: "POST", body: "{}" });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      error: expect.stringContaining("The metrics listener has no /apps/3/events."),
      code: 404,
    });
    expect(reports.map(({ failure, context }) => [failure.name, context.method, context.path])).toEqual([
      ["metrics-path-unknown", "POST", "/apps/3/events"],
    ]);
  });

  it("is refused with 405 and Allow where the method is wrong; HEAD is GET without a body", async () => {
    const base = await start();
    const post = await fetch(`${base}/metrics`, { method: "POST" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    const head = await fetch(`${base}/metrics`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "11", ""]);
  });
});

describe("starting and stopping", () => {
  it("rejects with Node's error where the port is taken", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    await expect(start({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    holder.close();
  });

  it("refuses connections after stop, which may come twice or before start", async () => {
    const base = await start();
    await fetch(`${base}/`);
    await server?.stop();
    await server?.stop();
    await expect(fetch(`${base}/`)).rejects.toThrow();
  });
});
