import { describe, expect, it } from "vitest";
import { engineFailures } from "../failures/engine-failures.ts";
import { RoundTrips } from "./round-trips.ts";

describe("round trips", () => {
  it("tells the last, the smoothed and the least time", () => {
    const trips = new RoundTrips();
    expect(trips.latest).toBeUndefined();
    trips.take(trips.begin(1000), 1080);
    expect(trips.latest).toEqual({ lastMs: 80, smoothedMs: 80, leastMs: 80 });
    trips.take(trips.begin(2000), 2160);
    expect(trips.latest).toEqual({ lastMs: 160, smoothedMs: 90, leastMs: 80 });
    trips.take(trips.begin(3000), 3010);
    expect(trips.latest).toEqual({ lastMs: 10, smoothedMs: 80, leastMs: 10 });
  });

  it("measures by its own table, not by the time that a peer echoes", () => {
    const trips = new RoundTrips();
    const payload = trips.begin(5000);
    const forged = Buffer.from(payload);
    forged.writeUInt32BE(1, 4);
    trips.take(forged, 5025);
    expect(trips.latest?.lastMs).toBe(25);
  });

  it("takes the answer to a later ping for the earlier ones too (RFC 6455 §5.5.3)", async () => {
    const trips = new RoundTrips();
    const resolved: number[] = [];
    trips.begin(0, { resolve: (ms) => resolved.push(ms) });
    const second = trips.begin(100, { resolve: (ms) => resolved.push(ms) });
    trips.begin(150, { resolve: (ms) => resolved.push(ms) });
    trips.take(second, 160);
    expect(resolved).toEqual([60, 60]);
  });

  it("warns once of pongs that echo nothing we sent, and not of pongs that nobody asked for", () => {
    const trips = new RoundTrips();
    const foreign = Buffer.from("foreign!");
    expect(trips.take(foreign, 1)).toBeUndefined();
    trips.begin(2);
    expect(trips.take(foreign, 3)).toMatchObject({
      name: "pong-payload-mismatch",
      evidence: { pongBytes: 8 },
    });
    expect(trips.take(new Uint8Array(0), 4)).toBeUndefined();
  });

  it("reads a pong that lies in the middle of a larger buffer", () => {
    const trips = new RoundTrips();
    const payload = trips.begin(10);
    const larger = Buffer.concat([Buffer.from("before"), payload, Buffer.from("behind")]);
    trips.take(larger.subarray(6, 14), 30);
    expect(trips.latest?.lastMs).toBe(20);
  });

  it("forgets pings that are never answered, and tells who waits for them", () => {
    const trips = new RoundTrips();
    const rejected: string[] = [];
    for (let i = 0; i < 20; i += 1) trips.begin(i, { reject: ({ code }) => rejected.push(code) });
    expect(rejected).toEqual(Array.from({ length: 4 }, () => "ping-not-answered"));
  });

  it("rejects all that wait when the connection ends", () => {
    const trips = new RoundTrips();
    const rejected: string[] = [];
    trips.begin(0, { reject: ({ code }) => rejected.push(code) });
    trips.begin(0);
    trips.end(engineFailures.create("tcp-reset"));
    expect(rejected).toEqual(["tcp-reset"]);
    trips.end(engineFailures.create("tcp-reset"));
    expect(rejected).toEqual(["tcp-reset"]);
  });
});
