import { describe, expect, it } from "vitest";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { Debounce } from "./debounce.ts";

function start(delayMs = 3000) {
  const clock = new ManualClock();
  const emitted: string[] = [];
  const debounce = new Debounce({
    delayMs,
    now: clock.now,
    scheduler: clock,
    emit: (occurrence) =>
      emitted.push(`${occurrence.name} ${"userId" in occurrence ? occurrence.userId : occurrence.channel}`),
  });
  return { clock, emitted, debounce };
}

const occupied = (channel: string): ChannelOccurrence => ({ name: "channel_occupied", channel });
const vacated = (channel: string): ChannelOccurrence => ({ name: "channel_vacated", channel });
const added = (userId: string): ChannelOccurrence => ({
  name: "member_added",
  channel: "presence-a",
  userId,
});
const removed = (userId: string): ChannelOccurrence => ({
  name: "member_removed",
  channel: "presence-a",
  userId,
});

describe("the debounce of departures", () => {
  it("tells arrivals at once and departures after the delay", () => {
    const { clock, emitted, debounce } = start();
    debounce.accept(occupied("a"));
    debounce.accept(vacated("a"));
    clock.advance(2999);
    expect(emitted).toEqual(["channel_occupied a"]);
    clock.advance(1);
    expect(emitted).toEqual(["channel_occupied a", "channel_vacated a"]);
    expect(clock.pending).toBe(0);
  });

  it("tells neither when the return comes in time", () => {
    const { clock, emitted, debounce } = start();
    debounce.accept(vacated("a"));
    debounce.accept(removed("7"));
    clock.advance(2999);
    debounce.accept(occupied("a"));
    debounce.accept(added("7"));
    clock.advance(10_000);
    expect(emitted).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("tells both when the return comes too late", () => {
    const { clock, emitted, debounce } = start();
    debounce.accept(vacated("a"));
    clock.advance(3000);
    debounce.accept(occupied("a"));
    expect(emitted).toEqual(["channel_vacated a", "channel_occupied a"]);
  });

  it("starts the wait anew at each departure, and tells the last one once", () => {
    const { clock, emitted, debounce } = start();
    for (let round = 0; round < 3; round++) {
      debounce.accept(vacated("a"));
      clock.advance(2000);
      debounce.accept(occupied("a"));
    }
    debounce.accept(vacated("a"));
    clock.advance(2999);
    expect(emitted).toEqual([]);
    clock.advance(1);
    expect(emitted).toEqual(["channel_vacated a"]);
  });

  it("keeps members, and members and channels, apart, and departures in order", () => {
    const { clock, emitted, debounce } = start();
    debounce.accept(removed("7"));
    debounce.accept(removed("8"));
    debounce.accept(vacated("presence-a"));
    expect(clock.pending).toBe(1);
    clock.advance(1000);
    debounce.accept(removed("9"));
    debounce.accept(added("8"));
    clock.advance(2000);
    expect(emitted).toEqual(["member_removed 7", "channel_vacated presence-a"]);
    clock.advance(1000);
    expect(emitted).toEqual(["member_removed 7", "channel_vacated presence-a", "member_removed 9"]);
  });

  it("lets other events pass", () => {
    const { emitted, debounce } = start();
    debounce.accept(vacated("cache-a"));
    debounce.accept({ name: "cache_miss", channel: "cache-a" });
    expect(emitted).toEqual(["cache_miss cache-a"]);
  });

  it("of 0 ms tells everything at once, without a timer", () => {
    const { clock, emitted, debounce } = start(0);
    debounce.accept(vacated("a"));
    debounce.accept(occupied("a"));
    expect(emitted).toEqual(["channel_vacated a", "channel_occupied a"]);
    expect(clock.pending).toBe(0);
  });

  it("tells what waits when it is flushed, and everything after it at once", () => {
    const { clock, emitted, debounce } = start();
    debounce.accept(vacated("a"));
    debounce.flush();
    debounce.accept(vacated("b"));
    expect(emitted).toEqual(["channel_vacated a", "channel_vacated b"]);
    expect([clock.pending, debounce.size]).toEqual([0, 0]);
  });
});
