/**
 * Every failure by name: the engine's catalogue and those of the server. For what must know them all: `explain`, the
 * reference, and the test that keeps names unique and stable.
 */
import { type Catalogue, engineFailures, type FailureDefinition } from "@antiphon/websocket";
import { admissionFailures } from "./admission-failures.ts";
import { apiSignatureFailures } from "./api-signature-failures.ts";
import { clientEventFailures } from "./client-event-failures.ts";
import { clusterFailures } from "./cluster-failures.ts";
import { configFailures } from "./config-failures.ts";
import { distributedClusterFailures } from "./distributed-cluster-failures.ts";
import { doctorFailures } from "./doctor-failures.ts";
import { httpFailures } from "./http-failures.ts";
import { listenFailures } from "./listen-failures.ts";
import { messageFailures } from "./message-failures.ts";
import { metricsFailures } from "./metrics-failures.ts";
import { natsFailures } from "./nats-failures.ts";
import { redisFailures } from "./redis-failures.ts";
import { sessionFailures } from "./session-failures.ts";
import { signinFailures } from "./signin-failures.ts";
import { subscribeFailures } from "./subscribe-failures.ts";
import { toolFailures } from "./tool-failures.ts";
import { webhookFailures } from "./webhook-failures.ts";

/** The catalogues, in the order of a connection's life: the engine first. */
export const catalogues: readonly Pick<Catalogue<Record<string, FailureDefinition<never>>>, "definitions">[] =
  [
    engineFailures,
    admissionFailures,
    subscribeFailures,
    signinFailures,
    messageFailures,
    clientEventFailures,
    sessionFailures,
    apiSignatureFailures,
    httpFailures,
    webhookFailures,
    clusterFailures,
    distributedClusterFailures,
    natsFailures,
    redisFailures,
    metricsFailures,
    configFailures,
    listenFailures,
    doctorFailures,
    toolFailures,
  ];

/** All entries, in the order of their catalogues. */
export const allFailures: ReadonlyMap<string, FailureDefinition> = new Map(
  // Evidence is a type of its own in each entry; nobody who looks entries up by name has evidence.
  catalogues.flatMap(({ definitions }) => Object.entries(definitions)) as [string, FailureDefinition][],
);
