/**
 * The engine's reading side as a push parser: bytes in, events out, in any pieces. It is the parser of every connection
 * of this package, not a second one, so it accepts and refuses exactly the same.
 */
import type { Failure } from "../failures/failure.ts";
import type { ConnectionState } from "../protocol/connection-states.ts";
import type { ProtocolEvent } from "../protocol/websocket-protocol.ts";
import { createReceivingProtocol, type ReceivingOptions } from "./receiving-protocol.ts";

export interface FrameParser {
  /**
   * Takes received bytes, in pieces of any size, and gives what they complete: messages, pings, pongs, the Close frame,
   * warnings, or the one failure. The bytes are copied. After a Close frame or a failure nothing is read any more.
   */
  push(bytes: Uint8Array): ProtocolEvent[];
  /** Says that the stream has ended. Gives why that is a failure; `undefined` if a Close frame came before. */
  end(): Failure | undefined;
  /**
   * The bytes owed to the peer: the pong to its latest ping, and the Close frame that answers its own or tells it of the
   * failure. Empty if nothing is owed.
   */
  takeOutput(): Uint8Array;
  readonly state: ConnectionState;
}

/**
 * Creates a parser for what one side receives: `{ role: "server" }` reads what a client sent.
 * @throws FailureError `frame-role-missing`.
 */
export function createParser(options: ReceivingOptions): FrameParser {
  const protocol = createReceivingProtocol(options);
  // Only the latest ping is answered, so that a caller who never takes the output collects nothing.
  protocol.holdsPongs = true;
  return {
    push(bytes) {
      // The engine unmasks in place.
      protocol.receive(Uint8Array.from(bytes));
      const events: ProtocolEvent[] = [];
      for (let event = protocol.nextEvent(); event; event = protocol.nextEvent()) events.push(event);
      return events;
    },
    end: () => protocol.receiveEnd("fin"),
    takeOutput() {
      protocol.holdsPongs = false;
      const output = Buffer.concat(protocol.takeOutput());
      protocol.holdsPongs = true;
      return output;
    },
    get state() {
      return protocol.state;
    },
  };
}
