/**
 * Everything a server can hold against an opening handshake, or suffer while it answers one.
 * The entries stand in four files by the step that raises them; this is their one name for the engine's catalogue.
 */
import { admissionFailures } from "./admission-failures.ts";
import { hookFailures } from "./hook-failures.ts";
import { requestHeadFailures } from "./request-head-failures.ts";
import { websocketHeaderFailures } from "./websocket-header-failures.ts";

/** Failures of the opening handshake as the server sees it. */
export const requestFailures = {
  ...admissionFailures,
  ...requestHeadFailures,
  ...websocketHeaderFailures,
  ...hookFailures,
};
