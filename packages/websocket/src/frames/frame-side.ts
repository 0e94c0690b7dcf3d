/**
 * Which side a frame is built for, and with which key it is masked. Every builder of this folder takes its primitives
 * from here, so there is one place where a key that is not random can come in.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { FailureError } from "../failures/failure.ts";
import { nodePrimitives } from "../node/primitives.ts";
import type { Role } from "../protocol/opcodes.ts";
import type { Primitives } from "../protocol/primitives.ts";
import { blameCaller } from "./caller-mistake.ts";

/** No key is passed: a fresh one comes from the system's generator. */
interface RandomMask {
  readonly mask?: never;
  readonly unsafe?: never;
}

interface KnownMask {
  /** The four bytes of the key. A key that others can predict breaks RFC 6455 §5.3. */
  readonly mask: Uint8Array;
  readonly unsafe: true;
}

/** Nothing, for a random key; or a known one, for tests and examples only. */
export type MaskingOptions = RandomMask | KnownMask;

/** Who SENDS the frame: a client's frame is masked, a server's is not (RFC 6455 §5.1). There is no default. */
export type FrameSide = ({ readonly role: Role } & RandomMask) | ({ readonly role: "client" } & KnownMask);

/** The other end of the connection. */
export function oppositeRole(role: Role): Role {
  return role === "client" ? "server" : "client";
}

/** Throws `frame-role-missing` unless the role is one; for callers without types. */
export function requireRole(role: unknown): asserts role is Role {
  if (role === "client" || role === "server") return;
  throw new FailureError(engineFailures.create("frame-role-missing", { role: String(role) }));
}

/** The primitives to encode with; throws if a masking key was passed in for a server frame or without `unsafe`. */
export function primitivesFor(side: FrameSide, opcode: number): Primitives {
  requireRole(side.role);
  const { mask, unsafe }: { mask?: Uint8Array; unsafe?: boolean } = side as MaskingOptions;
  if (mask === undefined) {
    if (unsafe === undefined) return nodePrimitives;
    throw new FailureError(engineFailures.create("frame-mask-key-size", { keyBytes: 0 }));
  }
  if (side.role === "server")
    throw blameCaller(engineFailures.create("frame-masked-from-server", { opcode }));
  if (unsafe !== true) throw new FailureError(engineFailures.create("frame-mask-key-chosen"));
  if (mask.length !== 4) {
    throw new FailureError(engineFailures.create("frame-mask-key-size", { keyBytes: mask.length }));
  }
  return { ...nodePrimitives, writeMaskingKey: (target, offset) => target.set(mask, offset) };
}
