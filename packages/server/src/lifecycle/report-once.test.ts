import type { Failure } from "@antiphon/websocket";
import { expect, it } from "vitest";
import { redisFailures } from "../failures/redis-failures.ts";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { reportOnce } from "./report-once.ts";

it("tells what several connections say once, another thing at once, and the same again after a minute", () => {
  const clock = new ManualClock();
  const told: Failure[] = [];
  const report = reportOnce((failure) => told.push(failure), clock.now);
  const refused = (server: string) => redisFailures.create("cluster-redis-too-old", { server });
  report(refused("a"));
  report(refused("a"));
  report(refused("b"));
  expect(told.map(({ evidence }) => evidence["server"])).toEqual(["a", "b"]);
  clock.advance(60_000);
  report(refused("a"));
  expect(told).toHaveLength(3);
});
