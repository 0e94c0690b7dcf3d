import { describe, expect, it } from "vitest";
import { ManualClock } from "../../pusher/manual-clock.test.harness.ts";
import { Leadership } from "./leadership.ts";

const ttlMs = 6000;

/** A lease that is answered for when a test says so. */
class TestLeader {
  readonly clock = new ManualClock();
  /** What was gained and lost. */
  readonly told: string[] = [];
  readonly released: string[] = [];
  readonly asked: string[] = [];
  readonly leadership: Leadership;
  releases: () => Promise<void> = async () => undefined;
  #answers: ((held: boolean | Error) => void)[] = [];

  constructor() {
    this.leadership = new Leadership({
      transport: {
        holdLease: (_name, owner) =>
          new Promise((resolve, reject) => {
            this.asked.push(owner);
            this.#answers.push((held) => (held instanceof Error ? reject(held) : resolve(held)));
          }),
        releaseLease: (_name, owner) => {
          this.released.push(owner);
          return this.releases();
        },
      },
      ttlMs,
      onGained: () => this.told.push("gained"),
      onLost: () => this.told.push("lost"),
      now: this.clock.now,
      scheduler: this.clock,
    });
  }

  readonly answer = async (held: boolean | Error): Promise<void> => {
    this.#answers.shift()?.(held);
    await new Promise(setImmediate);
  };

  readonly lead = async (): Promise<void> => {
    this.leadership.renew("n-1");
    await this.answer(true);
  };
}

describe("leadership", () => {
  it("lasts from the answer until the lease ends, counted from the asking", async () => {
    const { clock, leadership, told, answer } = new TestLeader();
    leadership.renew("n-1");
    clock.advance(2000);
    expect(leadership.leads).toBe(false);
    await answer(true);
    expect(leadership.leads).toBe(true);
    clock.advance(ttlMs - 2001);
    expect(leadership.leads).toBe(true);
    clock.advance(1);
    expect(leadership.leads).toBe(false);
    expect(told).toEqual(["gained", "lost"]);
  });

  it("is told to be lost when it ends, without being asked for", async () => {
    const { clock, lead, told } = new TestLeader();
    await lead();
    clock.advance(ttlMs);
    expect(told).toEqual(["gained", "lost"]);
  });

  it("is kept by renewing", async () => {
    const { clock, lead, told } = new TestLeader();
    for (let beat = 0; beat < 20; beat++) {
      await lead();
      clock.advance(1000);
    }
    expect(told).toEqual(["gained"]);
  });

  it("does not come of an answer that is older than the lease, or was given up meanwhile", async () => {
    const { clock, leadership, told, answer } = new TestLeader();
    leadership.renew("n-1");
    clock.advance(ttlMs);
    await answer(true);
    leadership.renew("n-1");
    leadership.lose();
    await answer(true);
    expect(leadership.leads).toBe(false);
    expect(told).toEqual([]);
  });

  it.each([false, new Error("the server has gone")])("ends with the answer %s", async (held) => {
    const { leadership, lead, told, answer } = new TestLeader();
    await lead();
    leadership.renew("n-1");
    await answer(held);
    expect(leadership.leads).toBe(false);
    expect(told).toEqual(["gained", "lost"]);
  });

  it("is asked for once at a time, and again if no answer ever comes", () => {
    const { clock, leadership, asked } = new TestLeader();
    leadership.renew("n-1");
    clock.advance(ttlMs - 1);
    leadership.renew("n-1");
    expect(asked).toHaveLength(1);
    clock.advance(1);
    leadership.renew("n-1");
    expect(asked).toHaveLength(2);
  });

  it("is given up under the id it was asked for with, and only then", async () => {
    const { leadership, lead, released, told } = new TestLeader();
    await leadership.release();
    expect(released).toEqual([]);
    await lead();
    await leadership.release();
    expect(released).toEqual(["n-1"]);
    expect(told).toEqual(["gained", "lost"]);
  });

  it("is not waited for longer than the lease lasts when it cannot be given up", async () => {
    const test = new TestLeader();
    const { clock, leadership, lead } = test;
    await lead();
    test.releases = () => new Promise(() => undefined);
    const released = leadership.release();
    clock.advance(ttlMs);
    await released;
    test.releases = () => Promise.reject(new Error("the server has gone"));
    await lead();
    await leadership.release();
    expect(clock.pending).toBe(0);
  });
});
