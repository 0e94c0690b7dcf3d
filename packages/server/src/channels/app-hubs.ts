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

  /** The hub of the app; a changed app takes effect at once. */
  for(app: App): LocalHub {
    let hub = this.#hubs.get(app.id);
    if (hub === undefined) {
      hub = this.#create(app);
      this.#hubs.set(app.id, hub);
    } else if (hub.app !== app) {
      hub.updateApp(app);
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

  /** Takes over changed apps; an app that is gone counts as disabled and its connections are closed. */
  update(apps: readonly App[]): void {
    const byId = new Map(apps.map((app) => [app.id, app]));
    for (const hub of this.#hubs.values()) {
      const app = byId.get(hub.app.id) ?? { ...hub.app, enabled: false };
      hub.updateApp(app);
    }
  }
}
