import { describe, expect, it } from "vitest";
import { formatChannelEvent } from "../pusher/outgoing-events.ts";
import { StampedData } from "./stamped-data.ts";

describe("stamped data", () => {
  it("is JSON of exactly the size that was asked for", () => {
    const data = new StampedData("r1", 200).format(1234.5);
    expect(data).toHaveLength(200);
    expect(JSON.parse(data)).toMatchObject({ bench: "antiphon-bench-r1-000001234500" });
  });

  it("is read back from an echo, and from the envelope of an event", () => {
    const stamped = new StampedData("r1", 100);
    const data = stamped.format(98_765.432);
    expect(stamped.read(data)).toBe(98_765.432);
    expect(stamped.read(formatChannelEvent("bench", "c", data))).toBe(98_765.432);
  });

  it("takes nothing of another run, and nothing that lost its time", () => {
    const stamped = new StampedData("r1", 100);
    expect(stamped.read(new StampedData("r2", 100).format(1))).toBeUndefined();
    expect(stamped.read('{"bench":"antiphon-bench-r1-oops"}')).toBeUndefined();
  });
});
