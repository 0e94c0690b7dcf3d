/**
 * Who a node of the cluster is: one instance from the start of its process to the end, which lives again, with a higher life,
 * whenever the others have given it up. Whatever a node sends says which life it is of.
 */
import { randomBytes } from "node:crypto";

export interface NodeIdentity {
  /** Hex digits. */
  readonly instance: string;
  /** From 1. */
  readonly life: number;
}

export const instanceBytes = 16;

/** The first life of a new instance. */
export function createIdentity(): NodeIdentity {
  return { instance: randomBytes(instanceBytes).toString("hex"), life: 1 };
}

/** The id of one life of a node, for leases and logs. */
export function nodeIdOf({ instance, life }: NodeIdentity): string {
  return `${instance}-${life}`;
}
