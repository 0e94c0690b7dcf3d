/**
 * The header of one frame: bytes in, fields or the failure out (RFC 6455 §5.2). Each rule is checked as soon as the byte
 * that decides it is there, in a fixed order, so the verdict on any bytes is the same however they were split.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { recogniseForeignStream, startsForeignStream } from "./foreign-stream.ts";
import { isControlOpcode, isKnownOpcode, opcodes, type Role } from "./opcodes.ts";

/** Longest header: 2 bytes, 8 of extended length, 4 of masking key. */
export const maxHeaderLength = 14;

/** What the verdict on a header depends on, besides its bytes. */
export interface HeaderContext {
  readonly role: Role;
  readonly deflateNegotiated: boolean;
  readonly allowNonMinimalLength: boolean;
  readonly maxFrameBytes: number;
  readonly acceptsText: boolean;
  readonly acceptsBinary: boolean;
}

/** The fields of the frame being read. One per connection, overwritten by every frame. */
export class FrameHeader {
  fin = false;
  rsv1 = false;
  opcode = 0;
  payloadLength = 0;
  isLengthMinimal = true;
  /** `undefined` on frames from a server. */
  maskingKey: Uint8Array | undefined;

  /**
   * Reads the header at `bytes[start, end)`. Returns its length, `undefined` if more bytes are needed, or the failure.
   * `messageOpen` says whether an unfinished message waits for continuation; `isStreamStart` that these are the first
   * bytes after the handshake, where other protocols are recognised.
   */
  parse(
    bytes: Uint8Array,
    start: number,
    end: number,
    context: HeaderContext,
    messageOpen: boolean,
    isStreamStart: boolean,
  ): number | Failure | undefined {
    const available = end - start;
    if (available === 0) return undefined;
    const first = bytes[start]!;
    if (isStreamStart && startsForeignStream(first)) {
      if (available === 1) return undefined;
      const foreign = recogniseForeignStream(bytes.subarray(start, end), context.role);
      if (foreign) return foreign;
    }
    const firstFault = this.#readFirstByte(first, context, messageOpen);
    if (firstFault) return firstFault;
    if (available === 1) return undefined;
    const second = bytes[start + 1]!;
    const masked = (second & 0x80) !== 0;
    const shortLength = second & 0x7f;
    const secondFault = this.#judgeSecondByte(masked, shortLength, context.role);
    if (secondFault) return secondFault;

    const lengthEnd = shortLength < 126 ? 2 : shortLength === 126 ? 4 : 10;
    if (shortLength === 127 && available > 2 && bytes[start + 2]! >= 0x80) {
      return engineFailures.create("frame-length-msb-set", { firstLengthByte: bytes[start + 2]! });
    }
    if (available < lengthEnd) return undefined;
    const lengthFault = this.#readLength(bytes, start, shortLength, context);
    if (lengthFault) return lengthFault;

    if (!masked) {
      this.maskingKey = undefined;
      return lengthEnd;
    }
    if (available < lengthEnd + 4) return undefined;
    this.maskingKey ??= new Uint8Array(4);
    for (let i = 0; i < 4; i += 1) this.maskingKey[i] = bytes[start + lengthEnd + i]!;
    return lengthEnd + 4;
  }

  #readFirstByte(first: number, context: HeaderContext, messageOpen: boolean): Failure | undefined {
    const opcode = first & 0x0f;
    const isControl = isControlOpcode(opcode);
    this.fin = (first & 0x80) !== 0;
    this.rsv1 = (first & 0x40) !== 0;
    this.opcode = opcode;
    if ((first & 0x30) !== 0) return engineFailures.create("frame-rsv2-rsv3-set", { firstByte: first });
    if (this.rsv1 && !context.deflateNegotiated) {
      return engineFailures.create("frame-rsv1-without-deflate", { firstByte: first });
    }
    if (!isKnownOpcode(opcode)) return engineFailures.create("frame-opcode-reserved", { opcode });
    if (this.rsv1 && isControl) return engineFailures.create("frame-rsv1-on-control", { opcode });
    if (this.rsv1 && opcode === opcodes.continuation) {
      return engineFailures.create("frame-rsv1-on-continuation", {});
    }
    if (isControl) return this.fin ? undefined : engineFailures.create("frame-control-fragmented", { opcode });
    if (opcode === opcodes.continuation) {
      return messageOpen ? undefined : engineFailures.create("frame-continuation-unexpected", {});
    }
    return messageOpen ? engineFailures.create("frame-continuation-expected", { opcode }) : undefined;
  }

  #judgeSecondByte(masked: boolean, shortLength: number, role: Role): Failure | undefined {
    if (role === "server" && !masked) {
      return engineFailures.create("frame-unmasked-from-client", { opcode: this.opcode });
    }
    if (role === "client" && masked) {
      return engineFailures.create("frame-masked-from-server", { opcode: this.opcode });
    }
    if (isControlOpcode(this.opcode) && shortLength > 125) {
      return engineFailures.create("frame-control-too-long", { opcode: this.opcode });
    }
    if (this.opcode === opcodes.close && shortLength === 1) {
      return engineFailures.create("close-payload-one-byte", {});
    }
    return undefined;
  }

  #readLength(
    bytes: Uint8Array,
    start: number,
    shortLength: number,
    context: HeaderContext,
  ): Failure | undefined {
    let length = shortLength;
    let minimum = 0;
    if (shortLength === 126) {
      length = bytes[start + 2]! * 256 + bytes[start + 3]!;
      minimum = 126;
    } else if (shortLength === 127) {
      length = 0;
      for (let at = start + 2; at < start + 10; at += 1) length = length * 256 + bytes[at]!;
      minimum = 65_536;
    }
    this.payloadLength = length;
    // Deviation: `compat` reads on, with a warning, since one client in the field encodes 65,535 bytes in 64 bits.
    this.isLengthMinimal = length >= minimum;
    if (!this.isLengthMinimal && !context.allowNonMinimalLength) {
      return engineFailures.create("frame-length-not-minimal", { lengthBytes: length });
    }
    if (length > Number.MAX_SAFE_INTEGER) return engineFailures.create("frame-length-unsupported", {});
    if (length > context.maxFrameBytes) {
      return engineFailures.create("frame-too-large", {
        frameBytes: length,
        limitBytes: context.maxFrameBytes,
      });
    }
    return undefined;
  }
}
