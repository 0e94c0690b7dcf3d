import { describe, expect, it } from "vitest";
import { ConnectionClocks } from "./connection-clocks.ts";
import { defaultConnectionSettings } from "./connection-settings.ts";

const settings = { ...defaultConnectionSettings, pingIntervalMs: 1000, pongTimeoutMs: 500 };
const start = 10_000;

describe("heartbeat (RFC 6455 §5.5.2, §5.5.3)", () => {
  it("pings after silence, and fails when nothing comes back", () => {
    const clocks = new ConnectionClocks(settings, start);
    expect(clocks.judge(start + 1000, 0, true)).toMatchObject({ sendPing: true, sendPong: false });
    expect(clocks.judge(start + 1499, 0, true).failure).toBeUndefined();
    expect(clocks.judge(start + 1500, 0, true).failure?.name).toBe("heartbeat-timeout");
  });

  it("takes any byte for life", () => {
    const clocks = new ConnectionClocks(settings, start);
    clocks.judge(start + 1000, 0, true);
    clocks.noteReceived(start + 1400);
    expect(clocks.judge(start + 1500, 0, true)).toMatchObject({ sendPing: false });
  });

  it("sends pongs unasked and judges nobody while reading is held back", () => {
    const clocks = new ConnectionClocks(settings, start);
    for (const now of [start + 1000, start + 2000, start + 3000]) {
      const verdict = clocks.judge(now, 0, false);
      expect(verdict).toMatchObject({ sendPing: false, sendPong: true });
      expect(verdict.failure).toBeUndefined();
    }
  });
});
