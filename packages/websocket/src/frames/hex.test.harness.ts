/** Test vocabulary: bytes from and to hex, and the name under which a call throws. */
import { FailureError } from "../failures/failure.ts";

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** The catalogue name of what `call` throws; fails if it throws nothing or something else. */
export function nameThrown(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof FailureError) return error.code;
    throw error;
  }
  throw new Error("nothing was thrown");
}
