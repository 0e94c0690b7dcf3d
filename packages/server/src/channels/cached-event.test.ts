import { describe, expect, it } from "vitest";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { member, TestNode } from "../pusher/session.test.harness.ts";
import { cacheMissWindowMs } from "./cache-miss.ts";
import { CachedEvents } from "./cached-event.ts";

const limits = { cacheTtlSeconds: 10, cacheMaxEntries: 3, cacheMaxBytes: 30 };

describe("cached events", () => {
  it("are the last of their channel, and last as long as allowed", () => {
    const clock = new ManualClock();
    const events = new CachedEvents(clock.now);
    events.store("c", "e", "1", limits);
    clock.advance(6000);
    events.store("c", "e", "2", limits);
    clock.advance(9999);
    expect(events.find("c")).toMatchObject({ name: "e", data: "2" });
    clock.advance(1);
    expect(events.find("c")).toBeUndefined();
    expect(events.bytes).toBe(0);
  });

  it("give way, oldest first, when there are too many", () => {
    const events = new CachedEvents(new ManualClock().now);
    for (const channel of ["a", "b", "c"]) events.store(channel, "e", "", limits);
    events.store("a", "e", "", limits);
    events.store("d", "e", "", limits);
    expect(["a", "b", "c", "d"].filter((channel) => events.find(channel))).toEqual(["a", "c", "d"]);
  });

  it("give way, oldest first, when they take too many bytes", () => {
    const events = new CachedEvents(new ManualClock().now);
    events.store("a", "e", "é".repeat(6), limits);
    events.store("b", "e", "x".repeat(14), limits);
    expect(events.bytes).toBe(30);
    events.store("c", "e", "", limits);
    expect(["a", "b", "c"].filter((channel) => events.find(channel))).toEqual(["b", "c"]);
    expect(events.bytes).toBe(18);
  });

  it("that are larger than the whole cache are not kept, nor is the one before", () => {
    const events = new CachedEvents(new ManualClock().now);
    events.store("a", "e", "", limits);
    events.store("b", "e", "", limits);
    events.store("a", "e", "x".repeat(29), limits);
    expect(events.find("a")).toBeUndefined();
    expect(events.find("b")).toBeDefined();
  });
});

describe("cache channels", () => {
  it.each(["cache-a", "private-cache-a", "private-encrypted-cache-a"])(
    "%s sends its last event right after the answer, even if nobody was there when it was published",
    (channel) => {
      const node = new TestNode();
      node.hub.publish({ name: "old", channel, data: "1" });
      node.hub.publish({ name: "e", channel, data: "2", exceptSocketId: "1.1" });
      expect(node.connect().subscribe(channel).take()).toEqual([
        `{"event":"pusher_internal:subscription_succeeded","channel":"${channel}","data":"{}"}`,
        `{"event":"e","channel":"${channel}","data":"2"}`,
      ]);
      expect(node.takeOccurrences()).toEqual([{ name: "channel_occupied", channel }]);
    },
  );

  it("with presence sends members, then the event", () => {
    const node = new TestNode();
    node.hub.publish({ name: "e", channel: "presence-cache-a", data: "d" });
    expect(node.connect().subscribe("presence-cache-a", member(1)).takeEvents()).toEqual([
      "pusher_internal:subscription_succeeded",
      "e",
    ]);
  });

  it("that are empty send cache_miss and tell the backend once per period", () => {
    const node = new TestNode();
    const misses = (): number => node.takeOccurrences().filter(({ name }) => name === "cache_miss").length;
    expect(node.connect().subscribe("cache-a").take()[1]).toBe(
      '{"event":"pusher:cache_miss","channel":"cache-a","data":"{}"}',
    );
    expect(misses()).toBe(1);
    expect(node.connect().subscribe("cache-a").takeEvents()).toContain("pusher:cache_miss");
    expect(misses()).toBe(0);
    node.clock.advance(cacheMissWindowMs);
    node.connect().subscribe("cache-a");
    expect(misses()).toBe(1);
  });

  it("tell the backend of a miss at once when an event has been there in between", () => {
    const node = new TestNode({ channels: { cacheTtlSeconds: 1 } });
    node.connect().subscribe("cache-a");
    node.hub.publish({ name: "e", channel: "cache-a", data: "d" });
    node.clock.advance(1000);
    node.takeOccurrences();
    node.connect().subscribe("cache-a");
    expect(node.takeOccurrences()).toEqual([{ name: "cache_miss", channel: "cache-a" }]);
  });

  it("give their event with the seconds left, rounded up", () => {
    const node = new TestNode({ channels: { cacheTtlSeconds: 60 } });
    node.hub.publish({ name: "e", channel: "cache-a", data: "d" });
    node.clock.advance(500);
    expect(node.hub.cachedEvent("cache-a")).toEqual({ data: "d", ttlSeconds: 60 });
    node.clock.advance(59_500);
    expect(node.hub.cachedEvent("cache-a")).toBeUndefined();
  });

  it("are the only ones that keep an event", () => {
    const node = new TestNode();
    node.hub.publish({ name: "e", channel: "a", data: "d" });
    expect(node.hub.cachedEvent("a")).toBeUndefined();
    expect(node.connect().subscribe("a").take()).toHaveLength(1);
  });
});

describe("a cached event of another node", () => {
  const hourMs = 3_600_000;

  it.each([-hourMs, hourMs])("is kept as long as there, even if the clocks are %d ms apart", (apartMs) => {
    let nowMs = 10 * hourMs;
    const there = new CachedEvents(() => nowMs + apartMs);
    const here = new CachedEvents(() => nowMs);
    there.store("cache-a", "e", "1", limits);
    nowMs += 4000;
    const told = there.tell("cache-a");
    expect(told).toMatchObject({ data: "1", leftMs: 6000 });
    expect(told && here.adopt("cache-a", told, limits)).toBe(true);
    nowMs += 5999;
    expect(here.find("cache-a")?.data).toBe("1");
    nowMs += 1;
    expect([here.find("cache-a"), there.tell("cache-a")]).toEqual([undefined, undefined]);
  });

  it("is replaced by one that is published here, even if the clock here is behind", () => {
    const here = new CachedEvents(() => hourMs);
    const there = new CachedEvents(() => 2 * hourMs);
    const older = there.store("cache-a", "e", "1", limits);
    here.adopt("cache-a", older, limits);
    const newer = here.store("cache-a", "e", "2", limits);
    expect([there.adopt("cache-a", newer, limits), here.adopt("cache-a", older, limits)]).toEqual([
      true,
      false,
    ]);
    expect([there, here].map((each) => each.find("cache-a")?.data)).toEqual(["2", "2"]);
  });
});
