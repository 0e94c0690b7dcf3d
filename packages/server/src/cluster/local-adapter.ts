/**
 * A cluster of one: there is nobody to tell anything. What the hubs of this node see is what happens, and is raised here.
 * The default of a server in one process; the primary process of several workers uses it too, for its own hubs.
 */
import { randomUUID } from "node:crypto";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import type { ClusterAdapter, ClusterListener } from "./cluster-adapter.ts";

export class LocalClusterAdapter implements ClusterAdapter {
  readonly nodeId = randomUUID();
  readonly isAlone = true;
  readonly isConnected = true;
  #listener: ClusterListener | undefined;

  async start(listener: ClusterListener): Promise<void> {
    this.#listener = listener;
    listener.leadershipGained();
  }

  announce(): void {}

  publish(): void {}

  command(): void {}

  occurred(appId: string, occurrence: ChannelOccurrence): void {
    this.#listener?.raise(appId, occurrence);
  }

  async stop(): Promise<void> {}
}
