import { engineFailures, type Failure } from "@antiphon/websocket";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { admissionFailures } from "../failures/admission-failures.ts";
import { apiSignatureFailures } from "../failures/api-signature-failures.ts";
import { httpFailures } from "../failures/http-failures.ts";
import { signinFailures } from "../failures/signin-failures.ts";
import { subscribeFailures } from "../failures/subscribe-failures.ts";
import { FailureMetrics } from "./failure-metrics.ts";
import { scrape } from "./metrics.test.harness.ts";

/** What is above zero after `act`, without the prefix. */
async function seriesAfter(act: (failures: FailureMetrics) => void): Promise<Record<string, number>> {
  const registry = new Registry();
  act(new FailureMetrics({ registry, prefix: "", port: () => 6001 }));
  const series = await scrape({ formatText: () => registry.metrics() });
  return Object.fromEntries([...series].filter(([, value]) => value > 0));
}

describe("failures of the engine", () => {
  it("count as handshake failures until there is a connection", async () => {
    const failure = engineFailures.create("handshake-path-not-found", { path: "/secret" });
    expect(await seriesAfter((failures) => failures.countEngine(failure, false))).toEqual({
      'handshake_failures_total{failure="handshake-path-not-found"}': 1,
    });
  });

  it("count as connection failures from then on, each by its name", async () => {
    const reset = engineFailures.create("tcp-reset");
    const flood = engineFailures.create("ping-flood", { perSecond: 20 });
    expect(
      await seriesAfter((failures) => {
        failures.countEngine(reset, true);
        failures.countEngine(reset, true);
        failures.countEngine(flood, true);
      }),
    ).toEqual({
      'connection_failures_total{failure="tcp-reset"}': 2,
      'connection_failures_total{failure="ping-flood"}': 1,
    });
  });

  it("count slow consumers also on their own", async () => {
    const failure = engineFailures.create("slow-consumer", { bufferedBytes: 2, limitBytes: 1 });
    expect(await seriesAfter((failures) => failures.countEngine(failure, true))).toEqual({
      'connection_failures_total{failure="slow-consumer"}': 1,
      slow_consumer_disconnects_total: 1,
    });
  });
});

describe("refusals by the Pusher rules", () => {
  const mismatch = { channel: "private-a", cause: "c", reason: "r", signedText: "t" };

  it.each<Failure>([
    admissionFailures.create("app-key-unknown", { key: "k" }),
    subscribeFailures.create("subscribe-signature-mismatch", mismatch),
    subscribeFailures.create("subscribe-key-mismatch", { channel: "private-a", key: "k" }),
    signinFailures.create("signin-auth-missing"),
  ])("count as failed authentication where a key or signature is wrong: $name", async (failure) => {
    expect(await seriesAfter((failures) => failures.countSession(failure))).toEqual({
      [`session_failures_total{failure="${failure.name}"}`]: 1,
      [`auth_failures_total{reason="${failure.name}"}`]: 1,
    });
  });

  it("count by name alone where it is something else", async () => {
    const failure = subscribeFailures.create("subscribe-channel-full", { channel: "presence-a", limit: 1 });
    expect(await seriesAfter((failures) => failures.countSession(failure))).toEqual({
      'session_failures_total{failure="subscribe-channel-full"}': 1,
    });
  });
});

describe("refusals by the HTTP side", () => {
  it("count as failed authentication where the signature is wrong", async () => {
    const failure = apiSignatureFailures.create("api-signature-version-unsupported", { version: "2.0" });
    expect(await seriesAfter((failures) => failures.countRequest(failure))).toEqual({
      'http_failures_total{failure="api-signature-version-unsupported"}': 1,
      'auth_failures_total{reason="api-signature-version-unsupported"}': 1,
    });
  });

  it("count by name alone where it is something else", async () => {
    const failure = httpFailures.create("http-field-missing", { field: "name" });
    expect(await seriesAfter((failures) => failures.countRequest(failure))).toEqual({
      'http_failures_total{failure="http-field-missing"}': 1,
    });
  });
});
