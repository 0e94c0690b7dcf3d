/** The scenarios in the order in which a round runs them. */
import { broadcastHold } from "./broadcast-hold.ts";
import { compressedFanOut } from "./compressed-fan-out.ts";
import { echo } from "./echo.ts";
import { fanOut } from "./fan-out.ts";
import { handshakes } from "./handshakes.ts";
import { idleMemory } from "./idle-memory.ts";
import { offeredRate } from "./offered-rate.ts";
import { pusherFanOut } from "./pusher-fan-out.ts";
import type { Scenario } from "./scenario.ts";
import { signedIngest } from "./signed-ingest.ts";

export const scenarios: readonly Scenario[] = [
  fanOut,
  echo,
  handshakes,
  signedIngest,
  pusherFanOut,
  compressedFanOut,
  offeredRate,
  broadcastHold,
  idleMemory,
];
