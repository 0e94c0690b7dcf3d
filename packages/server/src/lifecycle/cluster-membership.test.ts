import { pino } from "pino";
import { expect, it } from "vitest";
import { loadConfig } from "../config/load-config.ts";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { ClusterMembership } from "./cluster-membership.ts";

it.each([
  ["false", { backend: "Redis", awayMs: 2000 }],
  ["true", undefined],
])(
  "holds a first connection that is still being made against the node, unless told otherwise (%s)",
  async (readyWithoutBackend, lost) => {
    const apps = JSON.stringify([{ id: "7", key: "k", secret: "s" }]);
    const result = await loadConfig({
      env: {
        ANTIPHON_APPS: apps,
        ANTIPHON_CLUSTER_DRIVER: "redis",
        ANTIPHON_CLUSTER_READY_WITHOUT_BACKEND: readyWithoutBackend,
      },
    });
    if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
    const clock = new ManualClock();
    const membership = new ClusterMembership({
      settings: result.config,
      logger: pino({ enabled: false }),
      report: () => undefined,
      reportBackend: () => undefined,
      onBackendLost: () => undefined,
      now: clock.now,
      scheduler: clock,
    });
    clock.advance(2000);
    expect(membership.lostBackend()).toEqual(lost);
  },
);
