/**
 * The hubs of all apps on this node, made when an app is first used. Everything that concerns one app (sessions, HTTP
 * API, webhooks, metrics) meets at its hub.
 */
import type { App } from "../apps/app.ts";
import type { LocalHub } from "./local-hub.ts";

export class AppHubs {
  readonly #hubs = new Map<string, LocalHub>();
  readonly #create: (app: App) => LocalHub;

  constructor(create: (app: App) => LocalHub) {
    this.#create = create;
  }

  /** The hub of the app. Only {@link update} changes its settings: the caller's may be older than a reload. */
  for(app: App): LocalHub {
    let hub = this.#hubs.get(app.id);
    if (hub === undefined) {
      hub = this.#create(app);
      this.#hubs.set(app.id, hub);
    }
    return hub;
  }

  /** The hub of the app of this id, if it was made. */
  find(appId: string): LocalHub | undefined {
    return this.#hubs.get(appId);
  }

  /** All hubs that were made so far. */
  all(): Iterable<LocalHub> {
    return this.#hubs.values();
  }

  /** Connections of all apps on other nodes. */
  remoteConnectionCount(): number {
    let count = 0;
    for (const hub of this.#hubs.values()) count += hub.connectionCount() - hub.localConnectionCount();
    return count;
  }

  /** Takes over changed apps; the connections of one that is gone are closed, and its hub is forgotten. */
  update(apps: readonly App[]): void {
    const byId = new Map(apps.map((app) => [app.id, app]));
    for (const [id, hub] of this.#hubs) {
      const app = byId.get(id);
      hub.updateApp(app ?? { ...hub.app, enabled: false });
      if (app === undefined) this.#hubs.delete(id);
    }
  }
}
