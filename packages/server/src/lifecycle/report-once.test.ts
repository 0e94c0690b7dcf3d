import type { Failure } from "@antiphon/websocket";
import { expect, it } from "vitest";
import { redisFailures } from "../failures/redis-failures.ts";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { reportOnce } from "./report-once.ts";

it("remembers a hundred, of what differs each time", () => {
  const told: string[] = [];
  const report = reportOnce(({ message }) => told.push(message), new ManualClock().now);
  const say = (server: number) =>
    report(redisFailures.create("cluster-redis-too-old", { server: `${server}` }));
  for (let server = 0; server <= 100; server++) say(server);
  say(1);
  expect(told).toHaveLength(101);
  say(0);
  expect(told).toHaveLength(102);
});

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
