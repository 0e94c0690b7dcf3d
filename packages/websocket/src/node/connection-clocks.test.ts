import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ClockVerdict, ConnectionClocks } from "./connection-clocks.ts";
import { type ConnectionSettings, defaultConnectionSettings } from "./connection-settings.ts";

beforeEach(() => {
  // No jitter: pings are due after exactly the interval, and a lifetime is exactly as long as asked for.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});

afterEach(() => {
  vi.restoreAllMocks();
});

const quiet = { pingIntervalMs: 0, fragmentTimeoutMs: 0 } as const;

function createClocks(settings: Partial<ConnectionSettings>): ConnectionClocks {
  return new ConnectionClocks({ ...defaultConnectionSettings, ...settings }, 0);
}

function judge(
  clocks: ConnectionClocks,
  now: number,
  { isReading = true, bufferedBytes = 0 } = {},
): ClockVerdict {
  return clocks.judge(now, bufferedBytes, isReading);
}

describe("the heartbeat (RFC 6455 §5.5.2)", () => {
  const settings = { pingIntervalMs: 10_000, pongTimeoutMs: 4000, fragmentTimeoutMs: 0 };

  it("spreads the first ping over the interval", () => {
    vi.mocked(Math.random).mockReturnValue(0);
    expect(judge(createClocks(settings), 0).nextMs).toBe(1000);
    vi.mocked(Math.random).mockReturnValue(1);
    expect(judge(createClocks(settings), 0).nextMs).toBe(10_000);
  });

  it("pings after silence and gives the peer up without any byte in the time for a pong", () => {
    const clocks = createClocks(settings);
    expect(judge(clocks, 5500)).toMatchObject({ sendPing: false });
    expect(judge(clocks, 9500)).toMatchObject({ sendPing: true, nextMs: 4000 });
    expect(judge(clocks, 13_400)).toMatchObject({ sendPing: false, nextMs: 100 });
    expect(judge(clocks, 13_500).failure).toMatchObject({
      name: "heartbeat-timeout",
      closeCode: 1011,
      evidence: { silentMs: 13_500, pongTimeoutMs: 4000 },
    });
  });

  it("takes any byte for life, before a ping and after it", () => {
    const clocks = createClocks(settings);
    clocks.noteReceived(9000);
    expect(judge(clocks, 9500)).toMatchObject({ sendPing: false, nextMs: 9000 });
    expect(judge(clocks, 18_500)).toMatchObject({ sendPing: true });
    clocks.noteReceived(22_400);
    expect(judge(clocks, 22_500).failure).toBeUndefined();
  });

  it("sends no second ping while one is unanswered", () => {
    const clocks = createClocks({ ...settings, pongTimeoutMs: 60_000 });
    expect(judge(clocks, 10_000).sendPing).toBe(true);
    expect(judge(clocks, 20_000).sendPing).toBe(false);
    expect(judge(clocks, 30_000).sendPing).toBe(false);
  });

  it("shows life by a pong while reading is held back, and judges no pong that it could not see", () => {
    const clocks = createClocks(settings);
    expect(judge(clocks, 10_000).sendPing).toBe(true);
    expect(judge(clocks, 30_000, { isReading: false })).toMatchObject({ sendPong: true, sendPing: false });
    expect(judge(clocks, 30_000, { isReading: false })).not.toHaveProperty("failure");
  });

  it("gives the pong its whole time again once reading goes on", () => {
    const clocks = createClocks(settings);
    judge(clocks, 10_000);
    clocks.noteReadingResumed(50_000);
    expect(judge(clocks, 50_001).failure).toBeUndefined();
    expect(judge(clocks, 54_000).failure?.name).toBe("heartbeat-timeout");
  });

  it("sends no ping behind bytes that the socket does not take", () => {
    const clocks = createClocks(settings);
    clocks.noteBlocked(5000);
    expect(judge(clocks, 10_000)).toMatchObject({ sendPing: false, sendPong: false });
  });

  it("forgives after the process was suspended", () => {
    const clocks = createClocks({ ...settings, idleTimeoutMs: 30_000 });
    judge(clocks, 10_000);
    clocks.forgive(500_000);
    expect(judge(clocks, 500_000).failure).toBeUndefined();
  });

  it("is off with an interval of 0", () => {
    expect(judge(createClocks(quiet), 1e9)).toEqual({
      sendPing: false,
      sendPong: false,
      nextMs: Number.POSITIVE_INFINITY,
    });
  });
});

describe("the fragment clock", () => {
  const settings = { ...quiet, fragmentTimeoutMs: 30_000 };

  it("runs from the start of a message to its end", () => {
    const clocks = createClocks(settings);
    expect(clocks.noteMessageOpen(true, 1000)).toBe(true);
    expect(clocks.noteMessageOpen(true, 20_000)).toBe(false);
    expect(judge(clocks, 30_999)).toMatchObject({ nextMs: 1 });
    expect(judge(clocks, 31_000).failure).toMatchObject({
      name: "message-fragment-timeout",
      closeCode: 1008,
      evidence: { openMs: 30_000 },
    });
  });

  it("starts anew for the next message, also if one is always open when a chunk ends", () => {
    const clocks = createClocks(settings);
    clocks.noteMessageOpen(true, 0);
    for (let now = 20_000; now <= 200_000; now += 20_000) {
      clocks.noteMessage(now);
      expect(clocks.noteMessageOpen(true, now)).toBe(true);
      expect(judge(clocks, now + 19_999).failure).toBeUndefined();
    }
  });

  it("stops with the message", () => {
    const clocks = createClocks(settings);
    clocks.noteMessageOpen(true, 0);
    clocks.noteMessageOpen(false, 10);
    expect(judge(clocks, 1e9).failure).toBeUndefined();
  });

  it("does not blame the peer for what we did not read", () => {
    const clocks = createClocks(settings);
    clocks.noteMessageOpen(true, 0);
    expect(judge(clocks, 100_000, { isReading: false }).failure).toBeUndefined();
    clocks.noteReadingResumed(100_000);
    expect(judge(clocks, 129_999).failure).toBeUndefined();
    expect(judge(clocks, 130_000).failure?.name).toBe("message-fragment-timeout");
  });
});

describe("the idle clock", () => {
  const settings = { ...quiet, idleTimeoutMs: 5000 };

  it("counts messages only: bytes and pings do not keep an idle connection", () => {
    const clocks = createClocks(settings);
    clocks.noteReceived(4000);
    clocks.takePing(4000);
    expect(judge(clocks, 5000).failure).toMatchObject({
      name: "idle-timeout",
      closeCode: 3008,
      evidence: { idleMs: 5000 },
    });
  });

  it("starts anew with every message", () => {
    const clocks = createClocks(settings);
    clocks.noteMessage(4000);
    expect(judge(clocks, 8999)).toMatchObject({ nextMs: 1 });
    expect(judge(clocks, 9000).failure?.name).toBe("idle-timeout");
  });

  it("waits while reading is held back", () => {
    const clocks = createClocks(settings);
    expect(judge(clocks, 60_000, { isReading: false }).failure).toBeUndefined();
  });
});

describe("the lifetime", () => {
  it("ends a connection with 1012, give or take a tenth", () => {
    const settings = { ...quiet, maxLifetimeMs: 100_000 };
    vi.mocked(Math.random).mockReturnValue(0);
    expect(judge(createClocks(settings), 89_999).failure).toBeUndefined();
    expect(judge(createClocks(settings), 90_000).failure).toMatchObject({
      name: "connection-max-lifetime",
      closeCode: 1012,
    });
    vi.mocked(Math.random).mockReturnValue(1);
    expect(judge(createClocks(settings), 109_999).failure).toBeUndefined();
    expect(judge(createClocks(settings), 110_001).failure?.name).toBe("connection-max-lifetime");
  });
});

describe("the clocks of a slow consumer", () => {
  const settings = { ...quiet, maxBufferedBytes: 100, slowConsumerGraceMs: 2000, writeTimeoutMs: 30_000 };

  it("end the connection that is over the limit for the whole grace", () => {
    const clocks = createClocks(settings);
    clocks.noteOverLimit(1000);
    clocks.noteOverLimit(2500);
    expect(judge(clocks, 2999, { bufferedBytes: 101 })).toMatchObject({ nextMs: 1 });
    expect(judge(clocks, 3000, { bufferedBytes: 150 }).failure).toMatchObject({
      name: "slow-consumer",
      closeCode: 1013,
      evidence: { bufferedBytes: 150, limitBytes: 100 },
    });
  });

  it("spare one that came below the limit again", () => {
    const clocks = createClocks(settings);
    clocks.noteOverLimit(0);
    expect(judge(clocks, 2000, { bufferedBytes: 100 }).failure).toBeUndefined();
    clocks.noteOverLimit(2500);
    clocks.noteUnderLimit();
    clocks.noteOverLimit(4000);
    expect(judge(clocks, 5000, { bufferedBytes: 101 }).failure).toBeUndefined();
  });

  it("end one whose socket took nothing for the write timeout, whether we read or not", () => {
    const clocks = createClocks(settings);
    clocks.noteBlocked(0);
    clocks.noteBlocked(20_000);
    expect(judge(clocks, 29_999).failure).toBeUndefined();
    expect(judge(clocks, 30_000, { isReading: false, bufferedBytes: 7 }).failure?.name).toBe("slow-consumer");
  });

  it("count progress: a drain starts the write timeout anew", () => {
    const clocks = createClocks(settings);
    for (let now = 0; now < 100_000; now += 20_000) {
      clocks.noteBlocked(now);
      expect(judge(clocks, now + 19_999).failure).toBeUndefined();
      clocks.noteDrained();
    }
  });
});

describe("pings from the peer", () => {
  it("are a flood beyond twice the rate in a burst", () => {
    const clocks = createClocks({ maxPingsPerSecond: 5 });
    for (let i = 0; i < 10; i += 1) expect(clocks.takePing(0)).toBeUndefined();
    expect(clocks.takePing(0)).toMatchObject({
      name: "ping-flood",
      closeCode: 1008,
      evidence: { perSecond: 5 },
    });
  });

  it("are no flood at the rate, for ever", () => {
    const clocks = createClocks({ maxPingsPerSecond: 5 });
    for (let now = 0; now < 60_000; now += 200) expect(clocks.takePing(now)).toBeUndefined();
  });

  it("are not limited by 0", () => {
    const clocks = createClocks({ maxPingsPerSecond: 0 });
    for (let i = 0; i < 1000; i += 1) expect(clocks.takePing(0)).toBeUndefined();
  });
});
