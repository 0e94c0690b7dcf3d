/**
 * What a receiver makes of the bytes: the engine's own connection is fed one byte at a time, so that every event and the
 * failure have the exact byte that brought them about.
 */
import type { Failure } from "../failures/failure.ts";
import { createPong } from "../frames/control-frames.ts";
import { oppositeRole } from "../frames/frame-side.ts";
import { createReceivingProtocol, type ReceivingOptions } from "../frames/receiving-protocol.ts";
import type { ProtocolEvent } from "../protocol/websocket-protocol.ts";

export interface ReplayedEvent {
  readonly event: ProtocolEvent;
  /** The byte that completed it. */
  readonly offset: number;
}

export interface Replay {
  readonly events: readonly ReplayedEvent[];
  readonly isMessageOpen: boolean;
  readonly endsInsideFrame: boolean;
  /** The failure or Close frame after which nothing was read. */
  readonly stop: ReplayedEvent | undefined;
}

/** Replays bytes, which are not changed. Unless it is the start of a stream, other protocols are not looked for. */
export function replayReceiver(bytes: Uint8Array, options: ReceivingOptions, isStreamStart: boolean): Replay {
  const protocol = createReceivingProtocol(options);
  // Pongs are of no interest here and must not pile up.
  protocol.holdsPongs = true;
  if (!isStreamStart) {
    protocol.receive(createPong("", { role: oppositeRole(options.role) }));
    protocol.nextEvent();
  }
  const events: ReplayedEvent[] = [];
  for (let offset = 0; offset < bytes.length; offset += 1) {
    protocol.receive(Uint8Array.of(bytes[offset]!));
    for (let event = protocol.nextEvent(); event; event = protocol.nextEvent()) {
      const stop = { event, offset };
      events.push(stop);
      if (event.type === "failed" || event.type === "close") {
        return { events, isMessageOpen: false, endsInsideFrame: false, stop };
      }
    }
  }
  const { isMessageOpen } = protocol;
  const endsInsideFrame = protocol.receiveEnd("fin")?.name === "stream-truncated-frame";
  return { events, isMessageOpen, endsInsideFrame, stop: undefined };
}

/** The failure of a replay that ended in one. */
export function failureOf(replay: Replay): Failure | undefined {
  return replay.stop?.event.type === "failed" ? replay.stop.event.failure : undefined;
}
