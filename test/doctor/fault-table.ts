/**
 * The lab of real faults: every row is arranged for real, by real proxies where they matter, and Antiphon has to name it, to
 * say whose fault it is and how to mend it. `faults.test.ts` runs the rows, and prints them as docs/reference/faults.md.
 */
import type { FaultGroup } from "./fault.ts";
import { answerFaults } from "./faults-answer.ts";
import { clientFaults } from "./faults-client.ts";
import { frameFaults } from "./faults-frames.ts";
import { networkFaults } from "./faults-network.ts";
import { proxyFaults } from "./faults-proxy.ts";
import { pusherFaults } from "./faults-pusher.ts";
import { switchFaults } from "./faults-switch.ts";

export const faultTable: readonly FaultGroup[] = [
  ...networkFaults,
  ...answerFaults,
  ...proxyFaults,
  ...switchFaults,
  ...frameFaults,
  ...pusherFaults,
  ...clientFaults,
];
