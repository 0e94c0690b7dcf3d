import { describe, expect, it } from "vitest";
import { plainStyle } from "../cli/text-style.ts";
import { ObservedConnection } from "./observed.test.harness.ts";
import { renderEvent } from "./render-event.ts";
import { Summary } from "./summary.ts";

function addUp(...connections: readonly ObservedConnection[]): Summary {
  const summary = new Summary();
  for (const { events } of connections) for (const event of events) summary.add(event);
  return summary;
}

describe("the summary", () => {
  it("adds up traffic, ends, findings and round trips of all connections", () => {
    const faulty = ObservedConnection.open();
    faulty.passHex("server", "89 00");
    faulty.nowMs = 30;
    faulty.passHex("client", "8a 00");
    faulty.passHex("server", "88 02 03 ea");
    faulty.end("server");
    const fine = ObservedConnection.open();
    fine.passHex("server", "89 00");
    fine.nowMs = 10;
    fine.passHex("client", "8a 80 01 02 03 04");
    fine.passHex("client", "88 80 01 02 03 04");
    fine.end("client");
    const summary = addUp(faulty, fine);
    expect(summary.hasFindings).toBe(true);
    expect(summary.create()).toMatchObject({
      connections: 2,
      traffic: { client: { frames: 3, messages: 0 }, server: { frames: 3 } },
      roundTrips: { client: { count: 2, minMs: 10, averageMs: 20, maxMs: 30 } },
      findings: [{ name: "frame-unmasked-from-client", count: 1 }],
      ends: [
        { how: "by the server: frame-unmasked-from-client", count: 1 },
        { how: "by the client: close-frame", count: 1 },
      ],
    });
  });

  it("says so when nothing was wrong", () => {
    const summary = addUp();
    expect(summary.hasFindings).toBe(false);
    expect(renderEvent(summary.create(), plainStyle)).toContain("nothing wrong was found");
  });
});
