import { describe, expect, it } from "vitest";
import { ManualClock, settle } from "../../../../test/support/manual-clock.ts";
import { engineFailures } from "../failures/engine-failures.ts";
import type { DialResult, ReconnectOptions, SessionListeners } from "./reconnect-options.ts";
import { Reconnector } from "./reconnector.ts";
import { pusherRetryTable } from "./retry-policy.ts";
import type { AttemptFailure, Session } from "./session.ts";

interface Target {
  readonly url: string;
  readonly token?: string;
}

/** A connection that the test ends as it likes. */
class FakeSession implements Session {
  readonly sent: unknown[] = [];
  readonly listeners: SessionListeners;
  closed: readonly [code?: number, reason?: string] | undefined;

  constructor(listeners: SessionListeners) {
    this.listeners = listeners;
  }

  send(data: string | Uint8Array): "sent" {
    this.sent.push(data);
    return "sent";
  }

  close(...close: [code?: number, reason?: string]): void {
    this.closed = close;
  }

  end(code: number, hasReceived = true): void {
    this.listeners.ended({ code, reason: "", hasReceived });
  }
}

const refused: AttemptFailure = { failure: engineFailures.create("tcp-connect-refused", { address: "a:1" }) };
const status = (code: number, retryAfterMs?: number): AttemptFailure => ({
  failure: engineFailures.create("response-status-not-101", { status: code }),
  status: code,
  retryAfterMs,
});

/** A reconnector whose attempts are answered in turn by `answers`, and then always opened. */
function create(
  options: ReconnectOptions<FakeSession, Target> = {},
  answers: readonly (AttemptFailure | "open" | "hang")[] = [],
) {
  const clock = new ManualClock();
  const log: unknown[] = [];
  const dialled: Target[] = [];
  const signals: AbortSignal[] = [];
  const sessions: FakeSession[] = [];
  const rest = [...answers];
  const client = new Reconnector<FakeSession, Target>(
    { url: "ws://a" },
    async (target, listeners, signal): Promise<DialResult<FakeSession>> => {
      dialled.push(target);
      signals.push(signal);
      const answer = rest.shift() ?? "open";
      if (answer === "hang") return new Promise(() => {});
      if (answer !== "open") return { ok: false, ...answer };
      const session = new FakeSession(listeners);
      sessions.push(session);
      return { ok: true, session };
    },
    {
      clock,
      handlers: {
        state: (state) => log.push(state),
        waiting: ({ delayMs }) => log.push(delayMs),
        failure: ({ name }) => log.push(name),
        stopped: ({ failure }) => log.push(failure?.name ?? "no failure"),
        message: (data) => void log.push(data),
      },
      ...options,
    },
  );
  return { client, clock, log, dialled, signals, sessions };
}

describe("states", () => {
  it("lead from idle over connecting to open, and after a loss over waiting back", async () => {
    const { client, clock, log, sessions } = create();
    expect(client.state).toBe("idle");
    client.start();
    await settle();
    expect(client.session).toBe(sessions[0]);
    await clock.advance(10_000);
    sessions[0]!.end(1006);
    expect(client.session).toBeUndefined();
    await clock.advance(2500);
    expect(log).toEqual(["connecting", "open", "waiting", 2500, "connecting", "open"]);
  });

  it("end with stop, which closes and forgets everything", async () => {
    const { client, clock, log, sessions } = create({ offlineQueue: true });
    client.start();
    await settle();
    client.stop(4000, "enough");
    expect(sessions[0]!.closed).toEqual([4000, "enough"]);
    sessions[0]!.end(4000);
    await clock.advance(1e6);
    expect(log).toEqual(["connecting", "open", "stopped", "no failure"]);
    expect(client.send("x")).toBe("closed");
    expect(clock.due).toEqual([]);
  });

  it("stop aborts an attempt and ends a wait", async () => {
    const dialling = create({}, ["hang"]);
    dialling.client.start();
    await settle();
    dialling.client.stop();
    expect(dialling.signals[0]?.aborted).toBe(true);
    const waiting = create({}, [refused]);
    waiting.client.start();
    await settle();
    waiting.client.stop();
    expect(waiting.clock.due).toEqual([]);
  });

  it("reconnect cuts a wait short, wakes a stopped client, and replaces an open connection", async () => {
    const { client, dialled, sessions } = create({}, [refused, status(404)]);
    client.start();
    await settle();
    client.reconnect();
    await settle();
    expect([client.state, dialled.length]).toEqual(["stopped", 2]);
    client.reconnect();
    await settle();
    expect(client.state).toBe("open");
    client.reconnect();
    await settle();
    expect(sessions[0]!.closed).toBeDefined();
    expect(client.session).toBe(sessions[1]);
    sessions[0]!.end(1000);
    expect(client.state).toBe("open");
  });
});

describe("waits", () => {
  it("grow with each failed attempt", async () => {
    const { client, clock, log } = create({}, [refused, refused, refused, refused, refused, refused]);
    client.start();
    await settle();
    for (let turn = 0; turn < 5; turn += 1) await clock.advance(15_000);
    expect(log.filter((entry) => typeof entry === "number")).toEqual([
      1000, 2000, 4000, 8000, 15_000, 15_000,
    ]);
  });

  it("start small again only after a connection that was stable and received something", async () => {
    const { client, clock, log, sessions } = create({ maxAttempts: 10 }, [refused, refused]);
    client.start();
    await settle();
    await clock.advance(1000);
    await clock.advance(2000);
    await clock.advance(9999);
    sessions[0]!.end(1006);
    await clock.advance(4000);
    await clock.advance(10_000);
    sessions[1]!.end(1006, false);
    await clock.advance(8000);
    await clock.advance(10_000);
    sessions[2]!.end(1006);
    expect(log.filter((entry) => typeof entry === "number")).toEqual([1000, 2000, 4000, 8000, 2500]);
  });

  it("respect Retry-After, and 1012 for the time of a restart", async () => {
    const { client, clock, log, sessions } = create({}, [status(503, 60_000)]);
    client.start();
    await settle();
    await clock.advance(61_000);
    sessions[0]!.end(1012);
    expect(log.filter((entry) => typeof entry === "number")).toEqual([61_000, 17_500]);
  });

  it("name a server that accepts and then closes", async () => {
    const { client, clock, log, sessions } = create();
    client.start();
    for (let turn = 0; turn < 3; turn += 1) {
      await settle();
      sessions[turn]!.end(1006);
      await clock.advance(30_000);
    }
    expect(log.filter((entry) => entry === "reconnect-flapping")).toHaveLength(1);
  });

  it("follow the Pusher ranges where they are selected", async () => {
    const { client, clock, log, sessions } = create({ retryTable: pusherRetryTable });
    client.start();
    await settle();
    sessions[0]!.end(4200);
    await clock.advance(0);
    sessions[1]!.end(4201);
    await clock.advance(2000);
    sessions[2]!.end(4100);
    await clock.advance(4000);
    sessions[3]!.end(4001);
    expect(log.filter((entry) => typeof entry === "number")).toEqual([0, 2000, 4000]);
    expect(log.at(-1)).toBe("close-application-code");
  });

  it("end while the machine is offline, and nothing is counted", async () => {
    const { client, clock, dialled } = create({ maxAttempts: 2 }, [refused, refused]);
    client.start();
    await settle();
    client.goOffline();
    await clock.advance(1e6);
    expect([client.state, dialled.length]).toEqual(["waiting", 1]);
    client.goOnline();
    expect(client.state).toBe("connecting");
  });
});

describe("giving up", () => {
  it("happens after so many attempts, with the last failure", async () => {
    const { client, clock, log } = create({ maxAttempts: 2 }, [refused, refused]);
    client.start();
    await settle();
    await clock.advance(1000);
    expect(log).toEqual(["connecting", "waiting", 1000, "connecting", "stopped", "reconnect-exhausted"]);
  });

  it("happens after so much time", async () => {
    const { client, clock, log } = create({ maxElapsedMs: 2500 }, [refused, refused]);
    client.start();
    await settle();
    await clock.advance(1000);
    expect(log.at(-1)).toBe("reconnect-exhausted");
  });

  it("happens at once where another attempt would fail the same way", async () => {
    const { client, log } = create({}, [status(404)]);
    client.start();
    await settle();
    expect(log).toEqual(["connecting", "stopped", "response-status-not-101"]);
  });

  it("does not happen if the application's own policy says otherwise", async () => {
    const { client, log } = create({ retry: () => "now" }, [status(404)]);
    client.start();
    await settle();
    expect(log).toEqual(["connecting", "waiting", 0]);
  });
});

describe("refresh", () => {
  it("comes before each attempt and may change where it goes", async () => {
    let count = 0;
    const { client, clock, dialled } = create({ refresh: () => ({ token: `${(count += 1)}` }) }, [refused]);
    client.start();
    await settle();
    await clock.advance(1000);
    expect(dialled).toEqual([
      { url: "ws://a", token: "1" },
      { url: "ws://a", token: "2" },
    ]);
  });

  it("saves one 401 from being the end, not two", async () => {
    const { client, clock, log } = create({ refresh: () => undefined }, [status(401), status(401)]);
    client.start();
    await settle();
    await clock.advance(0);
    expect(log).toEqual(["connecting", "waiting", 0, "connecting", "stopped", "response-status-not-101"]);
    const without = create({}, [status(401)]);
    without.client.start();
    await settle();
    expect(without.client.state).toBe("stopped");
  });

  it("that throws or takes too long is a failed attempt", async () => {
    const throwing = create({ refresh: () => Promise.reject(new Error("no token")) });
    throwing.client.start();
    await settle();
    expect(throwing.log).toEqual(["connecting", "reconnect-refresh-failed", "waiting", 1000]);
    const slow = create({ refresh: () => new Promise(() => {}) });
    slow.client.start();
    await slow.clock.advance(10_000);
    expect(slow.log).toEqual(["connecting", "reconnect-refresh-failed", "waiting", 1000]);
    expect(slow.dialled).toEqual([]);
  });
});

describe("onReconnect", () => {
  it("ends before held messages are sent, and those before `open`", async () => {
    const { client, sessions } = create({
      offlineQueue: true,
      onReconnect: async (session, { isFirst }) => {
        await settle();
        session.send(`subscribe ${isFirst}`);
      },
    });
    expect(client.send("held")).toBe("held");
    client.start();
    await settle();
    expect(client.send("during the hook")).toBe("held");
    await settle();
    await settle();
    expect(client.send("after")).toBe("sent");
    expect(sessions[0]!.sent).toEqual(["subscribe true", "held", "during the hook", "after"]);
  });

  it("that fails closes with 1000 and is a failed attempt", async () => {
    const { client, clock, log, sessions } = create({
      onReconnect: () => Promise.reject(new Error("expired")),
    });
    client.start();
    await settle();
    expect(sessions[0]!.closed).toEqual([]);
    expect(log).toEqual(["connecting", "resubscribe-failed", "waiting", 1000]);
    await clock.advance(1000);
    expect(log.at(-1)).toBe(2000);
  });

  it("is given up when the connection ends under it", async () => {
    const aborted: boolean[] = [];
    const { client, log, sessions } = create({
      onReconnect: (_session, { signal }) =>
        new Promise(() => signal.addEventListener("abort", () => aborted.push(true))),
    });
    client.start();
    await settle();
    sessions[0]!.end(1006);
    await settle();
    expect(aborted).toEqual([true]);
    expect(log).toEqual(["connecting", "waiting", 1000]);
  });

  it("has begun before messages that came with the 101 are delivered", async () => {
    const order: unknown[] = [];
    const clock = new ManualClock();
    const client = new Reconnector<FakeSession, Target>(
      { url: "ws://a" },
      async (_target, listeners) => {
        await listeners.message("greeting");
        return { ok: true, session: new FakeSession(listeners) };
      },
      {
        clock,
        onReconnect: () => void order.push("hook"),
        handlers: { message: (data) => void order.push(data) },
      },
    );
    client.start();
    await settle();
    expect(order).toEqual(["hook", "greeting"]);
  });
});

describe("sending without a connection", () => {
  it("is refused by name if there is no queue", () => {
    const { client, log } = create();
    expect(client.send("x")).toBe("closed");
    expect(log).toEqual(["send-before-open"]);
  });

  it("is dropped by name if the queue is full", () => {
    const { client, log } = create({ offlineQueue: { maxMessages: 1 } });
    expect([client.send("a"), client.send("b")]).toEqual(["held", "dropped"]);
    expect(log).toEqual(["offline-queue-overflow"]);
  });

  it("wakes a client that fell asleep after 3008", async () => {
    const { client, clock, sessions } = create({ offlineQueue: true });
    client.start();
    await settle();
    sessions[0]!.end(3008);
    await clock.advance(1e6);
    expect([client.state, sessions.length]).toEqual(["idle", 1]);
    expect(client.send("good morning")).toBe("held");
    await settle();
    expect(sessions[1]!.sent).toEqual(["good morning"]);
  });
});

it("a handler that throws is reported and harms nothing", async () => {
  const failures: unknown[] = [];
  const { client } = create({
    handlers: {
      open: () => {
        throw new Error("mine");
      },
      failure: ({ name }, cause) => failures.push(name, cause),
    },
  });
  client.start();
  await settle();
  expect(client.state).toBe("open");
  expect(failures).toEqual(["message-unhandled-exception", new Error("mine")]);
});
