import { describe, expect, it } from "vitest";
import type { App } from "./app.ts";
import { ConfigAppStore } from "./config-app-store.ts";

// The store only looks at id and key.
const app = (id: string, key: string): App => ({ id, key }) as App;

describe("the store of configured apps", () => {
  it("finds an app by its exact id and by its exact key", () => {
    const store = new ConfigAppStore([app("1", "Key")]);
    expect(store.findById("1")?.key).toBe("Key");
    expect(store.findByKey("Key")?.id).toBe("1");
    expect(store.findByKey("key")).toBeUndefined();
    expect(store.findById("constructor")).toBeUndefined();
  });

  it("serves only the new apps after a reload", () => {
    const store = new ConfigAppStore([app("1", "old")]);
    store.replace([app("2", "new")]);
    expect(store.findById("1")).toBeUndefined();
    expect(store.findByKey("new")?.id).toBe("2");
  });

  it("keeps the old apps where the new ones share a key", () => {
    const store = new ConfigAppStore([app("1", "old")]);
    expect(() => store.replace([app("2", "same"), app("3", "same")])).toThrow("Two apps have the same key");
    expect(store.findByKey("old")?.id).toBe("1");
    expect(store.findById("2")).toBeUndefined();
  });
});
