import { describe, expect, it } from "vitest";
import { testApp } from "../pusher/app.test.harness.ts";
import { AppHubs } from "./app-hubs.ts";
import type { LocalHub } from "./local-hub.ts";

/** As much of a hub as its keeper touches. */
function createHubs(): { hubs: AppHubs; made: string[] } {
  const made: string[] = [];
  const hubs = new AppHubs((app) => {
    made.push(app.id);
    const hub = {
      app,
      updateApp(changed: typeof app) {
        hub.app = changed;
      },
    };
    // All of a hub that is used here.
    return hub as unknown as LocalHub;
  });
  return { hubs, made };
}

describe("the hubs of all apps", () => {
  it("makes one hub for an app, however often it is asked", () => {
    const { hubs, made } = createHubs();
    const app = testApp({ id: "1" });
    expect(hubs.for(app)).toBe(hubs.for(testApp({ id: "1" })));
    expect(made).toEqual(["1"]);
  });

  it("lets only an update change settings, so that an older app cannot undo a reload", () => {
    const { hubs } = createHubs();
    const old = testApp({ id: "1", secret: "old-secret" });
    const hub = hubs.for(old);
    const renewed = testApp({ id: "1", secret: "new-secret" });
    hubs.update([renewed]);
    expect(hubs.for(old).app).toBe(renewed);
    expect(hub.app).toBe(renewed);
  });

  it("disables an app that is gone, and forgets its hub", () => {
    const { hubs, made } = createHubs();
    const hub = hubs.for(testApp({ id: "1" }));
    hubs.update([]);
    expect(hub.app.enabled).toBe(false);
    expect(hubs.find("1")).toBeUndefined();
    hubs.for(testApp({ id: "1" }));
    expect(made).toEqual(["1", "1"]);
  });
});
