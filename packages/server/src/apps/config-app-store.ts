/** Apps from the configuration, held in memory. Filled at the start and replaced as a whole on reload. */

import type { App } from "./app.ts";
import type { AppStore } from "./app-store.ts";

function indexBy(apps: readonly App[], field: "id" | "key"): ReadonlyMap<string, App> {
  const index = new Map(apps.map((app) => [app[field], app]));
  if (index.size !== apps.length) throw new TypeError(`Two apps have the same ${field}`);
  return index;
}

/** Serves the configured apps; every answer is immediate. */
export class ConfigAppStore implements AppStore {
  #byId: ReadonlyMap<string, App> = new Map();
  #byKey: ReadonlyMap<string, App> = new Map();

  /** Throws when two apps share an id or a key, which `loadConfig` refuses. */
  constructor(apps: readonly App[]) {
    this.replace(apps);
  }

  findById(id: string): App | undefined {
    return this.#byId.get(id);
  }

  findByKey(key: string): App | undefined {
    return this.#byKey.get(key);
  }

  all(): Iterable<App> {
    return this.#byId.values();
  }

  /** Puts other apps in place of all; the old ones stay where two of the new share an id or a key. */
  replace(apps: readonly App[]): void {
    const byId = indexBy(apps, "id");
    const byKey = indexBy(apps, "key");
    this.#byId = byId;
    this.#byKey = byKey;
  }
}
