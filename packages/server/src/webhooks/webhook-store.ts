/**
 * The contract with a store that outlives the processes which use it: for each webhook one list of events that are not
 * delivered yet, what the receiver has been told, and the dead letters. Every node appends; one at a time reads from the
 * beginning, and takes out what is done. Redis and JetStream each implement it; what makes a queue of it is written once.
 *
 * Every method rejects if the store is away. It may have done its work all the same: all of them may be called again.
 */
import type { Edge } from "./webhook-edge.ts";

/** Something to be appended: an event, an edge that is only recorded, or an event with the edge that it tells. */
export interface NewEntry {
  /** Grows by at least one from entry to entry of a writer. */
  readonly sequence: number;
  readonly channel: string;
  /** Left out if only the edge is recorded. */
  readonly json?: string;
  readonly edge?: Edge;
  /** Milliseconds since 1970. */
  readonly raisedAtMs: number;
}

export interface AppendRequest {
  /** Who appends; what was appended by it under the same sequence is not appended again. */
  readonly writer: string;
  /** As whom the writer has claimed the edges; entries with edges need it. */
  readonly owner: string | undefined;
  readonly entries: readonly NewEntry[];
}

/**
 * `appended`: all of them, and so many of the oldest had to be dropped. Or nothing was, since edges are claimed by another
 * (`taken`), or since the store does not know the claim any more (`lost`): it was emptied.
 */
export type AppendResult =
  | { readonly outcome: "appended"; readonly dropped: number }
  | { readonly outcome: "taken" | "lost" };

export interface StoredEvent {
  /** Where it stands; means something to the store only. */
  readonly position: string;
  readonly channel: string;
  readonly json: string;
  readonly raisedAtMs: number;
}

/** Why, how often and when a delivery was given up. */
export interface DeadReason {
  readonly failure: string;
  readonly attempts: number;
  readonly status?: number;
  /** Milliseconds since 1970. */
  readonly givenUpAtMs: number;
}

export interface DeadLetter extends DeadReason {
  readonly id: string;
  readonly channel: string;
  readonly json: string;
  readonly raisedAtMs: number;
}

export interface StoreDepth {
  readonly events: number;
  readonly deadLetters: number;
  /** When the oldest event was raised, in milliseconds since 1970. */
  readonly oldestAtMs?: number;
}

export interface WebhookStore {
  /** Whether nobody has claimed the edges: the store is new, or was emptied. */
  isUnclaimed(): Promise<boolean>;
  /** Takes the edges from whoever had them so far, and answers the keys of all that the receiver was told to be there. */
  claim(owner: string): Promise<Set<string>>;
  /** Claims the edges of a store that was emptied, and records again what was told. */
  restore(owner: string, told: Iterable<string>): Promise<void>;
  append(request: AppendRequest): Promise<AppendResult>;
  /** The oldest events after the position, or from the beginning; in their order. */
  read(after: string | undefined, max: number): Promise<readonly StoredEvent[]>;
  remove(positions: readonly string[]): Promise<void>;
  /** Makes dead letters of events. Above the limit, the oldest dead letters are forgotten. */
  bury(positions: readonly string[], reason: DeadReason): Promise<void>;
  depth(): Promise<StoreDepth>;
  /** Calls the listener when somebody may have appended, until the answer is called. Calls may be missed. */
  watch(listener: () => void): () => void;
  /** Oldest first. */
  listDead(max: number): Promise<readonly DeadLetter[]>;
  /** Moves dead letters to the end of the queue, in their order; all of them without ids. Answers how many. */
  replayDead(ids?: readonly string[]): Promise<number>;
  /** As {@link replayDead}. */
  deleteDead(ids?: readonly string[]): Promise<number>;
}

/** Which webhook. */
export interface StoreAddress {
  readonly appId: string;
  /** See `identifyWebhooks`. */
  readonly webhookId: string;
}

/** The stores of all webhooks, in one place. */
export interface WebhookStores {
  /** What holds them, for people: no credentials. */
  readonly name: string;
  /** Connects, and stays connected for ever; resolves when the first attempt has ended, well or not. */
  start(): Promise<void>;
  open(address: StoreAddress): WebhookStore;
  /** Releases the connection; calls under way may be rejected. */
  close(): Promise<void>;
}

/** Dead letters that are kept for one webhook. */
export const maxDeadLetters = 1000;
