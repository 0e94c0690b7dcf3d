/**
 * The nodes that this one has given up, for a time and in bounds: whoever of them is heard again has to be told, since the
 * others have taken away what it held. Forgetting one does no harm: it is taken for a new node then.
 */
import type { NodeIdentity } from "./node-identity.ts";

interface DeadNode {
  readonly life: number;
  readonly diedAtMs: number;
  readonly followedAtMs: number | undefined;
  toldAtMs: number;
}

const maxRemembered = 1000;
const rememberedMs = 60 * 60_000;

export class DeadNodes {
  /** By instance; oldest first. */
  readonly #nodes = new Map<string, DeadNode>();
  /** Between two times that one is told. */
  readonly #tellEveryMs: number;

  constructor(tellEveryMs: number) {
    this.#tellEveryMs = tellEveryMs;
  }

  /** Takes note of a death; `followedAtMs` is when all that the node had told was known last. */
  add({ instance, life }: NodeIdentity, nowMs: number, followedAtMs: number | undefined): void {
    this.#nodes.delete(instance);
    for (const [oldest, { diedAtMs }] of this.#nodes) {
      if (nowMs - diedAtMs < rememberedMs && this.#nodes.size < maxRemembered) break;
      this.#nodes.delete(oldest);
    }
    this.#nodes.set(instance, { life, diedAtMs: nowMs, followedAtMs, toldAtMs: Number.NEGATIVE_INFINITY });
  }

  /** Whether this life of a node is over. */
  has({ instance, life }: NodeIdentity): boolean {
    const dead = this.#nodes.get(instance);
    return dead !== undefined && life <= dead.life;
  }

  /** Whether it is time to tell the node so; if it is, it has been told with this. */
  shouldTell({ instance }: NodeIdentity, nowMs: number): boolean {
    const dead = this.#nodes.get(instance);
    if (dead === undefined || nowMs - dead.toldAtMs < this.#tellEveryMs) return false;
    dead.toldAtMs = nowMs;
    return true;
  }

  /** The node lives again; answers when all that it had told was known last, if ever. */
  forget(instance: string): number | undefined {
    const followedAtMs = this.#nodes.get(instance)?.followedAtMs;
    this.#nodes.delete(instance);
    return followedAtMs;
  }
}
