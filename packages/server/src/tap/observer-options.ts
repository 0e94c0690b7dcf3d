/** What the observation of a connection is told by the command line, and its fixed bounds. */
import type { TapEvent } from "./tap-event.ts";

/** How much of payloads is shown: a line, everything that is kept, or nothing. */
export type PayloadDisplay = "short" | "full" | "hidden";

export interface ObserverOptions {
  readonly display: PayloadDisplay;
  /** Milliseconds of a clock that only runs forward. */
  readonly now: () => number;
  /** What a Host header should name for this target; `undefined` where the tap sees to it. */
  readonly targetHost: string | undefined;
  readonly emit: (event: TapEvent) => void;
}

export const observerBounds = {
  /** Of one frame or message, per direction: larger ones are described from their header and their start. */
  keptBytes: 262_144,
  /** Of a request's or an answer's head. */
  headBytes: 65_536,
  /** Frames that a client sent before the 101; without that answer nobody knows how to read them. */
  earlyBytes: 65_536,
  /** Of a short preview. */
  previewCharacters: 96,
  /** A ping that waited less is no fault when the connection ends. */
  pingPatienceMs: 5_000,
} as const;
