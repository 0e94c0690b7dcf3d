/** What the engine's header parser must know of a frame that is looked at alone, without the stream around it. */
import type { HeaderContext, StreamPlace } from "../protocol/frame-header.ts";
import { opcodes, type Role } from "../protocol/opcodes.ts";

/** The context of a receiver that takes every legal frame up to a size. */
export function createHeaderContext(
  role: Role,
  deflateNegotiated: boolean,
  maxFrameBytes: number,
): HeaderContext {
  return {
    role,
    deflateNegotiated,
    allowNonMinimalLength: false,
    maxFrameBytes,
    maxMessageBytes: maxFrameBytes,
    acceptsText: true,
    acceptsBinary: true,
  };
}

/** A place where the opcode is in order: a continuation frame has something to continue, any other has not. */
export function findPlaceFor(opcode: number): StreamPlace {
  const openMessage = opcode === opcodes.continuation ? { receivedBytes: 0, compressed: false } : undefined;
  return { isStreamStart: false, followsPayload: false, openMessage };
}
