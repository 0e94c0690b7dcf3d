/**
 * A worker's place in the cluster of the processes of one server: one link to the bus in the primary process. When it
 * breaks, the worker serves its own clients on, comes back under a new id, and tells all it has. Occurrences are raised
 * by the primary process, which sees every edge in the announcements; only what it cannot see is handed to it.
 */
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import type { Failure } from "@antiphon/websocket";
import type { ChannelOccurrence } from "../../channels/channel-hub.ts";
import { clusterFailures } from "../../failures/cluster-failures.ts";
import type { ClusterAdapter, ClusterCommand, ClusterListener, Publication } from "../cluster-adapter.ts";
import type { StateChange } from "../state-change.ts";
import { AnnouncementBatch, collectChanges, type AnnouncedChanges } from "../announcement-batch.ts";
import { decodePublication } from "../publication-encoding.ts";
import { type BusFrame, encodePublicationFrame, frameKinds } from "./bus-frame.ts";
import { BusLink, type BusProblem } from "./bus-link.ts";
import { type BusMessage, decodeMessage, encodeMessage } from "./bus-message.ts";

export interface WorkerClusterAdapterOptions {
  /** Where the bus listens. */
  readonly path: string;
  readonly report: (failure: Failure) => void;
}

/** A lost link is tried again after this, doubled each time up to the longest wait. */
const firstReturnMs = 20;
const longestReturnMs = 1000;

export class WorkerClusterAdapter implements ClusterAdapter {
  readonly isAlone = false;
  readonly #options: WorkerClusterAdapterOptions;
  readonly #announcements = new AnnouncementBatch();
  #listener: ClusterListener | undefined;
  /** Set while there is one to send on. */
  #link: BusLink | undefined;
  #nodeId = "";
  /** The other nodes, as the bus told. */
  #others = new Set<string>();
  /** Those of before that the bus no longer has. */
  #gone = new Set<string>();
  #returnMs = firstReturnMs;
  #onSynchronised: (() => void) | undefined;
  #onClosed: ((problem: BusProblem | undefined) => void) | undefined;

  constructor(options: WorkerClusterAdapterOptions) {
    this.#options = options;
  }

  get nodeId(): string {
    return this.#nodeId;
  }

  get isConnected(): boolean {
    return this.#link !== undefined;
  }

  /** Rejects if there is no bus to join. */
  async start(listener: ClusterListener): Promise<void> {
    this.#listener = listener;
    await new Promise<void>((resolve, reject) => {
      this.#onSynchronised = resolve;
      this.#onClosed = () => reject(new Error(`there is no bus on ${this.#options.path}`));
      this.#connect();
    });
    this.#onClosed = (problem) => this.#return(problem);
  }

  announce(appId: string, change: StateChange): void {
    if (this.#link === undefined) return;
    this.#announcements.add(appId, change);
    if ("count" in change && change.count === 1) this.#link.flush();
    else this.#link.scheduleFlush();
  }

  publish(publication: Publication): void {
    const frame = this.#link && encodePublicationFrame(publication);
    if (frame) this.#send(frame);
  }

  command(command: ClusterCommand): void {
    this.#send(encodeMessage({ type: "command", command }));
  }

  occurred(appId: string, occurrence: ChannelOccurrence): void {
    if (occurrence.name !== "client_event" && occurrence.name !== "cache_miss") return;
    this.#send(encodeMessage({ type: "occurrence", appId, occurrence }));
  }

  async stop(): Promise<void> {
    const link = this.#link;
    if (link === undefined) {
      this.#onClosed = undefined;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#onClosed = () => resolve();
      link.end();
    });
  }

  /** Cuts the link as a fault would; the adapter comes back by itself. */
  breakLink(): void {
    this.#link?.destroy();
  }

  #connect(): void {
    const socket = connect(this.#options.path);
    const link = new BusLink(socket, {
      onFrame: (frame) => this.#receive(frame),
      onFlush: () => this.#sendAnnouncements(),
      onClose: (problem) => {
        this.#link = undefined;
        this.#onClosed?.(problem);
      },
    });
    socket.once("connect", () => {
      this.#nodeId = randomUUID();
      // What waits was made before, and is part of what is described now.
      this.#announcements.take();
      this.#link = link;
      link.send(encodeMessage({ type: "hello", nodeId: this.#nodeId }));
      this.#sendChanges(collectChanges(this.#listener?.describeOwnState() ?? []));
    });
  }

  #return(problem: BusProblem | undefined): void {
    const waitMs = this.#returnMs;
    this.#options.report(
      clusterFailures.create("cluster-bus-lost", { problem: problem ?? "closed", waitMs }),
    );
    this.#returnMs = Math.min(2 * waitMs, longestReturnMs);
    setTimeout(() => {
      if (this.#onClosed) this.#connect();
    }, waitMs).unref();
  }

  /** Keeps the order: what was announced before goes first. */
  #send(frame: Buffer): void {
    if (this.#link === undefined) return;
    this.#sendAnnouncements();
    this.#link.send(frame);
  }

  #sendAnnouncements(): void {
    this.#sendChanges(this.#announcements.take());
  }

  #sendChanges(portions: readonly AnnouncedChanges[]): void {
    for (const { appId, changes } of portions) {
      const message: BusMessage = { type: "changes", nodeId: this.#nodeId, appId, changes: [...changes] };
      this.#link?.send(encodeMessage(message));
    }
  }

  #receive({ kind, payload }: BusFrame): boolean {
    const listener = this.#listener;
    if (listener === undefined) return false;
    if (kind === frameKinds.publication) {
      const publication = decodePublication(payload);
      if (publication) listener.published(publication);
      return publication !== undefined;
    }
    const message = kind === frameKinds.message ? decodeMessage(payload) : undefined;
    return message !== undefined && this.#handle(message, listener);
  }

  #handle(message: BusMessage, listener: ClusterListener): boolean {
    switch (message.type) {
      case "welcome":
        this.#beginSynchronising(listener, message.nodeIds);
        return true;
      case "synchronised":
        this.#endSynchronising(listener);
        this.#returnMs = firstReturnMs;
        this.#onSynchronised?.();
        return true;
      case "changes":
        listener.changed(message.nodeId, message.appId, message.changes);
        return true;
      case "joined":
        this.#others.add(message.nodeId);
        listener.nodeJoined(message.nodeId);
        return true;
      case "left":
        this.#others.delete(message.nodeId);
        listener.nodeLeft(message.nodeId);
        return true;
      case "command":
        listener.commanded(message.command);
        return true;
      default:
        return false;
    }
  }

  /** Those that were there before this worker was cut off, and are no longer, leave once the others have told all. */
  #beginSynchronising(listener: ClusterListener, nodeIds: readonly string[]): void {
    this.#gone = this.#others;
    this.#others = new Set(nodeIds);
    for (const nodeId of nodeIds) {
      this.#gone.delete(nodeId);
      listener.nodeJoined(nodeId);
      listener.synchronising(nodeId);
    }
  }

  #endSynchronising(listener: ClusterListener): void {
    for (const nodeId of this.#others) listener.synchronised(nodeId);
    for (const nodeId of this.#gone) listener.nodeLeft(nodeId);
    this.#gone = new Set();
  }
}
