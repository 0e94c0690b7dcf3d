/** The engine's catalogue: every failure that the WebSocket engine can report, by name. */
import { admissionRateFailures } from "./admission-rate-failures.ts";
import { clientCodeFailures } from "./client-code-failures.ts";
import { clientFailures } from "./client-failures.ts";
import { closeFailures } from "./close-failures.ts";
import { deflateCauseFailures } from "./deflate-cause-failures.ts";
import { deflateFailures } from "./deflate-failures.ts";
import { deflateNegotiationFailures } from "./deflate-negotiation-failures.ts";
import { defineFailures } from "./failure.ts";
import { frameFailures } from "./frame-failures.ts";
import { frameHelperFailures } from "./frame-helper-failures.ts";
import { http2Failures } from "./http2-failures.ts";
import { inspectionFailures } from "./inspection-failures.ts";
import { livenessFailures } from "./liveness-failures.ts";
import { observedNetworkFailures } from "./observed-network-failures.ts";
import { observedProxyFailures } from "./observed-proxy-failures.ts";
import { proxyFailures } from "./proxy-failures.ts";
import { requestFailures } from "./request-failures.ts";
import { responseFailures } from "./response-failures.ts";

export const engineFailures = defineFailures({
  ...frameFailures,
  ...frameHelperFailures,
  ...inspectionFailures,
  ...deflateFailures,
  ...closeFailures,
  ...livenessFailures,
  ...deflateNegotiationFailures,
  ...proxyFailures,
  ...requestFailures,
  ...responseFailures,
  ...clientFailures,
  ...admissionRateFailures,
  ...clientCodeFailures,
  ...deflateCauseFailures,
  ...http2Failures,
  ...observedNetworkFailures,
  ...observedProxyFailures,
});

/** The name of any failure that the engine reports. */
export type EngineFailureName = keyof typeof engineFailures.definitions;
