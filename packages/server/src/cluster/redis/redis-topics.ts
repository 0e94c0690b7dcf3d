/**
 * Names of topics in Redis. In a Redis Cluster the braces of a name choose its slot: all control topics share one, so that one
 * server keeps their order; those of channels are spread over a fixed number of groups, so that there is one command per group
 * to subscribe to thousands.
 */
import type { Topic } from "../distributed/cluster-transport.ts";
import { slotOfKey } from "./key-slot.ts";

/** The same on all nodes. Enough for an even spread over a few dozen masters. */
const groupCount = 256;

export interface TopicName {
  readonly name: string;
  readonly slot: number;
}

export class RedisTopics {
  /** Braces with what all names of a group begin with, and the slot that they choose. The first is for control topics. */
  readonly #groups: readonly { readonly start: string; readonly slot: number }[];

  constructor(prefix: string, isCluster: boolean) {
    const tags = [prefix];
    if (isCluster) for (let group = 0; group < groupCount; group++) tags.push(`${prefix}:${group}`);
    this.#groups = tags.map((tag) => ({ start: `{${tag}}:`, slot: slotOfKey(`{${tag}}`) }));
  }

  /** One key for every slot in use. */
  get keys(): readonly string[] {
    return this.#groups.map(({ start }) => start);
  }

  nameOf(topic: Topic): TopicName {
    if (topic.kind === "control") {
      const { start, slot } = this.#groups[0]!;
      return { name: `${start}control:${topic.name}`, slot };
    }
    // A colon inside an id would end it too early.
    const local = `channel:${encodeURIComponent(topic.appId)}:${topic.channel}`;
    const { start, slot } = this.#groups.length === 1 ? this.#groups[0]! : this.#groupOf(local);
    return { name: start + local, slot };
  }

  /** In the slot of the control topics. */
  keyOfLease(name: string): string {
    return `${this.#groups[0]!.start}lease:${name}`;
  }

  #groupOf(text: string): { readonly start: string; readonly slot: number } {
    return this.#groups[1 + (hash(text) % groupCount)]!;
  }
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
