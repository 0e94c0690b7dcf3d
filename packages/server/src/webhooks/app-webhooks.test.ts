import { describe, expect, it } from "vitest";
import type { App, WebhookSettings } from "../apps/app.ts";
import { testApp } from "../pusher/app.test.harness.ts";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { AppWebhooks } from "./app-webhooks.ts";
import type { WebhookRequest } from "./webhook-sender.ts";

const webhook: WebhookSettings = {
  url: "http://example.com/hook",
  eventTypes: ["channel_occupied", "channel_vacated"],
  headers: {},
  debounceMs: 3000,
};

function start() {
  const clock = new ManualClock();
  const sent: string[] = [];
  const outcomes: string[] = [];
  const webhooks = new AppWebhooks({
    delivery: {
      batching: { enabled: false, durationMs: 50, maxEvents: 1 },
      retryForMs: 0,
      maxConcurrentRequests: 1,
      maxQueuedEvents: 10,
    },
    sender: {
      send: ({ headers, body, url }: WebhookRequest) => {
        const [{ name, channel }] = JSON.parse(body).events;
        sent.push(`${headers["X-Pusher-Key"]} ${url.pathname} ${name} ${channel}`);
        return Promise.resolve({ ok: true, status: 200 });
      },
    },
    now: clock.now,
    timeOfDay: clock.now,
    scheduler: clock,
    onDelivery: ({ outcome }) => outcomes.push(outcome),
    report: () => {},
  });
  return { clock, sent, outcomes, webhooks };
}

function appWith(overrides: Partial<App> = {}) {
  return testApp({ key: "one", webhooks: [webhook], ...overrides });
}

describe("the webhooks of all apps", () => {
  it("are kept apart by app", async () => {
    const { sent, webhooks } = start();
    webhooks.accept(appWith(), { name: "channel_occupied", channel: "a" });
    webhooks.accept(appWith({ id: "4", key: "two" }), { name: "channel_occupied", channel: "a" });
    await webhooks.flush(1000);
    expect(sent).toEqual(["one /hook channel_occupied a", "two /hook channel_occupied a"]);
    expect(await webhooks.depth()).toBe(0);
  });

  it("go on through a reload that changes nothing about them", async () => {
    const { sent, webhooks } = start();
    webhooks.accept(appWith(), { name: "channel_vacated", channel: "a" });
    const reloaded = structuredClone(appWith());
    webhooks.accept(reloaded, { name: "channel_occupied", channel: "a" });
    await webhooks.flush(1000);
    expect(sent).toEqual([]);
  });

  it("deliver what they have to the old target, and what comes after a change to the new one", async () => {
    const { clock, sent, webhooks } = start();
    webhooks.accept(appWith(), { name: "channel_vacated", channel: "a" });
    const changed = appWith({ webhooks: [{ ...webhook, url: "http://example.com/new" }] });
    webhooks.accept(changed, { name: "channel_occupied", channel: "b" });
    await webhooks.flush(1000);
    await expect.poll(() => clock.pending).toBe(0);
    expect(sent.toSorted()).toEqual(["one /hook channel_vacated a", "one /new channel_occupied b"]);
  });

  it("finish what is under way after a change, even where nothing is tried twice", async () => {
    const { clock, sent, outcomes, webhooks } = start();
    webhooks.accept(appWith(), { name: "channel_occupied", channel: "a" });
    webhooks.accept(appWith(), { name: "channel_occupied", channel: "b" });
    webhooks.accept(appWith({ webhooks: [] }), { name: "channel_occupied", channel: "c" });
    clock.advance(0);
    await expect.poll(() => sent).toEqual(["one /hook channel_occupied a", "one /hook channel_occupied b"]);
    await expect.poll(() => outcomes).toEqual(["delivered", "delivered"]);
  });
});
