/** The whole Pusher path: a signed request in, an envelope to every subscriber of the channel out. */
import { LoadProcess } from "../processes/load-process.ts";
import { StartedServer } from "../processes/started-server.ts";
import { type Sample, type Scenario, toSample, withLongWarmUp } from "./scenario.ts";

const subscriberCounts = [100, 1000];
const eventsPerRequests = [1, 10];

export const pusherFanOut: Scenario = {
  name: "pusher-fan-out",
  title: "Pusher fan-out of 200 bytes through the signed API: events in one request",
  contenders: ["antiphon", "ws", "bun"],
  goals: subscriberCounts.flatMap((count) =>
    eventsPerRequests.map((events) => ({
      variant: describeVariant(count, events),
      against: "bun" as const,
      limit: 1.15,
    })),
  ),
  async measure(contender, effort) {
    const samples: Sample[] = [];
    for (const connections of subscriberCounts) {
      await StartedServer.with(contender, "pusher", {}, ({ port, pid }) =>
        LoadProcess.with(async (load) => {
          await load.run({ do: "connect", port, dialect: "pusher", path: "", connections });
          for (const eventsPerRequest of eventsPerRequests) {
            const timing = { serverPid: pid, ...withLongWarmUp(effort) };
            const shape = { port, publishers: 1, eventsPerRequest, bytes: 200 };
            const window = await load.measure({ do: "publish", ...shape, ...timing });
            const variant = describeVariant(connections, eventsPerRequest);
            samples.push(toSample(variant, "µs CPU per message", window));
          }
        }),
      );
    }
    return samples;
  },
};

function describeVariant(connections: number, events: number): string {
  return `${connections.toLocaleString("en")} subscribers, ${events} a request`;
}
