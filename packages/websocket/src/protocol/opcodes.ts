/** Opcodes of RFC 6455 §5.2; 3–7 and 11–15 are reserved. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export type Opcode = (typeof opcodes)[keyof typeof opcodes];

/** Which end of the connection: it decides who masks (RFC 6455 §5.1). */
export type Role = "client" | "server";

/** `strict` refuses all that the RFC says must be refused; `compat` turns four harmless faults into warnings. */
export type Strictness = "strict" | "compat";

export function isControlOpcode(opcode: number): boolean {
  return opcode >= opcodes.close;
}

export function isKnownOpcode(opcode: number): opcode is Opcode {
  return opcode <= opcodes.binary || (opcode >= opcodes.close && opcode <= opcodes.pong);
}
