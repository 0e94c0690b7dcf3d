/**
 * Sends what this node announces: the changes of a turn together, numbered, so that every other node can tell that it missed
 * some. While nothing can be sent the numbers go on, and nothing is kept: whoever is missing something reads all.
 */
import { AnnouncementBatch } from "../announcement-batch.ts";
import type { StateChange } from "../state-change.ts";
import type { ClusterTransport } from "./cluster-transport.ts";
import type { NodeIdentity } from "./node-identity.ts";
import { stateTopic } from "./topics.ts";
import { encodeChanges, splitJson } from "./wire-message.ts";

export interface AnnouncerOptions {
  readonly transport: Pick<ClusterTransport, "publish">;
  readonly identity: () => NodeIdentity;
  readonly isConnected: () => boolean;
  /** Runs a task at the end of this turn of the event loop. */
  readonly defer: (task: () => void) => void;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #batch = new AnnouncementBatch();
  #sequence = 0;
  #scheduled = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** The number of the last message that was sent. */
  get sequence(): number {
    return this.#sequence;
  }

  add(appId: string, change: StateChange): void {
    this.#batch.add(appId, change);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.defer(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Sends what waits. */
  flush(): void {
    const announced = this.#batch.take();
    if (announced.length === 0) return;
    const { transport, identity, isConnected } = this.#options;
    if (!isConnected()) {
      this.#sequence += 1;
      return;
    }
    for (const { appId, changes } of announced) {
      for (const json of splitJson(changes)) {
        this.#sequence += 1;
        transport.publish(stateTopic, encodeChanges(identity(), this.#sequence, { appId, json }));
      }
    }
  }
}
