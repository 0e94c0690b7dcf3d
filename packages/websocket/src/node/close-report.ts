/** What the application is told when a connection ends: who ended it, how, and why. */
import type { Failure } from "../failures/failure.ts";
import type { CloseFrame } from "../protocol/websocket-protocol.ts";

export interface CloseReport {
  /** The peer's close code; 1005 if its Close frame had none; 1006 if there was no Close frame (RFC 6455 §7.1.5). */
  readonly code: number;
  /** The peer's close reason. */
  readonly reason: string;
  /** Both Close frames passed and TCP ended after them. */
  readonly wasClean: boolean;
  /** The Close frame that we sent. */
  readonly sent?: CloseFrame;
  /** The Close frame that we received. */
  readonly received?: CloseFrame;
  /** Who began the end. */
  readonly initiator: "local" | "remote" | "network";
  /** How TCP ended. */
  readonly tcp: "fin" | "reset" | "destroyed";
  readonly durationMs: number;
  readonly lastReceivedAgoMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Why it ended, unless it was an ordinary close. */
  readonly failure?: Failure;
  /** What followed from the failure, such as a reset after our Close frame. */
  readonly consequences: readonly Failure[];
}
