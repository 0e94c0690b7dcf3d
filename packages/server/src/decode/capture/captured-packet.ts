/** What the readers of capture files give. */
import type { Failure } from "@antiphon/websocket";

/** One packet as a network interface saw it. */
export interface CapturedPacket {
  /** Milliseconds since 1970, with fractions; `undefined` where the capture does not say. */
  readonly timeMs: number | undefined;
  /** What the bytes begin with: a number of the tcpdump.org registry, or `guess` for pasted text. */
  readonly linkType: number | "guess";
  readonly bytes: Uint8Array;
}

export type CaptureRead =
  | { readonly ok: true; readonly packets: readonly CapturedPacket[] }
  /** Always `capture-invalid`. */
  | { readonly ok: false; readonly failure: Failure };

/** Whoever sends more in one capture wants another tool. */
export const maxPackets = 2_000_000;
