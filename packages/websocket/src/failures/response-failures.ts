/**
 * Everything a client can hold against the answer to its opening handshake, and what its caller can get wrong before
 * anything is sent. This is the one name of these entries for the engine's catalogue.
 */
import { clientRequestFailures } from "./client-request-failures.ts";
import { responseStatusFailures } from "./response-status-failures.ts";
import { switchingProtocolsFailures } from "./switching-protocols-failures.ts";

/** Failures of the opening handshake as the client sees it. */
export const responseFailures = {
  ...clientRequestFailures,
  ...responseStatusFailures,
  ...switchingProtocolsFailures,
};
