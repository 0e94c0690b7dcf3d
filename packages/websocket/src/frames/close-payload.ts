/** The payload of a Close frame, read by the engine (RFC 6455 §5.5.1): code and reason, or what is wrong with them. */
import type { Failure } from "../failures/failure.ts";
import { nodePrimitives } from "../node/primitives.ts";
import { encodeFrame } from "../protocol/frame-writer.ts";
import { opcodes } from "../protocol/opcodes.ts";
import type { CloseFrame } from "../protocol/websocket-protocol.ts";
import { createReceivingProtocol } from "./receiving-protocol.ts";

/** Reads an unmasked payload. Never throws; tell the results apart by `"name" in result`. */
export function readClosePayload(payload: Uint8Array): CloseFrame | Failure {
  const receiver = createReceivingProtocol({ role: "client" });
  receiver.receive(encodeFrame(nodePrimitives, "server", opcodes.close, payload));
  const event = receiver.nextEvent();
  if (event?.type === "close") return event.close;
  if (event?.type === "failed") return event.failure;
  throw new TypeError("a whole Close frame ends a connection or fails it");
}
