/**
 * What the real pusher-js does when it is sent away: 40xx ends it, 41xx makes it wait, 42xx makes it return at once. Its
 * clock is the test's, so that an hour can pass in which it might try again.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { type AuthEndpoint, authorizedAs, startAuthEndpoint } from "../support/auth-endpoint.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { nextEvent, type PusherJs, reachState, startPusherJs } from "../support/pusher-js-client.ts";

const open = { id: "1", key: "open-key", secret: "open-secret" };
const disabled = { id: "2", key: "disabled-key", secret: "disabled-secret", enabled: false };
const full = { id: "3", key: "full-key", secret: "full-secret", connection: { maxConnections: 0 } };

const hourMs = 3_600_000;

let server: AntiphonProcess;
let auth: AuthEndpoint;

beforeAll(async () => {
  server = await startConfiguredServer({ apps: [open, disabled, full] });
  auth = await startAuthEndpoint(createPublisher(server, open));
});

afterAll(async () => {
  await auth.stop();
  await server.stop();
});

beforeEach(() => {
  // Time passes as usual until a test moves it on.
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
    shouldAdvanceTime: true,
  });
  return () => vi.useRealTimers();
});

/** Waits until the log has this failure so many times; each refused attempt is logged. */
async function expectRefusals(failure: string, count: number, by: AntiphonProcess = server): Promise<void> {
  await expect.poll(() => by.output().split(`"failure":"${failure}"`).length - 1).toBe(count);
}

const nextError = (pusher: PusherJs): Promise<unknown> => nextEvent(pusher.connection, "error");

describe("pusher-js stays away", () => {
  it.each([
    { key: "no-such-key", code: 4001, failure: "app-key-unknown", text: 'No app has the key "no-such-key".' },
    { key: disabled.key, code: 4003, failure: "app-disabled", text: "This app is disabled." },
    {
      key: full.key,
      code: 4004,
      failure: "app-connections-exceeded",
      text: "This app already has its 0 allowed connections.",
    },
  ])(
    "after $code ($failure): one attempt, and none in the hour after",
    async ({ key, code, failure, text }) => {
      const { pusher, states } = startPusherJs(server, key);
      expect(await nextError(pusher)).toMatchObject({ error: { data: { code, message: text } } });
      await reachState(pusher, "disconnected");
      await vi.advanceTimersByTimeAsync(hourMs);
      expect(states).toEqual(["connecting", "disconnected"]);
      await expectRefusals(failure, 1);
    },
  );

  it("after 4009 for a user whose connections the backend terminates", async () => {
    const { pusher, states } = startPusherJs(server, open.key, authorizedAs(auth, { id: "banned" }));
    pusher.signin();
    await pusher.user.signinDonePromise;
    await createPublisher(server, open).terminateUserConnections("banned");
    await reachState(pusher, "disconnected");
    await vi.advanceTimersByTimeAsync(hourMs);
    expect(states).toEqual(["connecting", "connected", "disconnected"]);
    await expectRefusals("signin-user-terminated", 1);
  });
});

describe("pusher-js comes back", () => {
  it("at once after 4200, when the server drains", async () => {
    const draining = await startConfiguredServer({ apps: [open] });
    onTestFinished(async () => void (await draining.stop()));
    const { pusher, states } = startPusherJs(draining, open.key);
    await reachState(pusher, "connected");
    const error = nextError(pusher);
    const left = nextEvent(pusher.connection, "connecting");
    const stopped = draining.stop();
    expect(await error).toEqual({
      type: "PusherError",
      data: { code: 4200, message: "This server is shutting down." },
    });
    await left;
    expect(states).toEqual(["connecting", "connected", "connecting"]);
    pusher.disconnect();
    expect(await stopped).toBe(0);
  });

  it("after a second following 4100, when the server has no memory to spare", async () => {
    // A heap so small that the server alone fills more than a hundredth of it.
    const overloaded = await startConfiguredServer(
      { apps: [open], health: { memoryThresholdPercent: 1 } },
      { env: { NODE_OPTIONS: "--max-old-space-size=128" } },
    );
    onTestFinished(async () => void (await overloaded.stop()));
    const { pusher, states } = startPusherJs(overloaded, open.key);
    await nextError(pusher);
    expect(states).toEqual(["connecting"]);
    const refusedAgain = nextError(pusher);
    await vi.advanceTimersByTimeAsync(1000);
    await refusedAgain;
    await expectRefusals("node-overloaded", 2, overloaded);
    pusher.disconnect();
  });
});
