/** An open loop: a fixed rate that the server must keep up with, and how late messages are. */
import { LoadProcess } from "../processes/load-process.ts";
import { StartedServer } from "../processes/started-server.ts";
import { dialectOf, type Scenario } from "./scenario.ts";

const connections = 1000;
const perSecond = 1000;
const bytes = 200;
const seconds = 5;
const quickSeconds = 3;

export const offeredRate: Scenario = {
  name: "offered-rate",
  title: "1,000 publishes a second offered to 1,000 subscribers",
  contenders: ["antiphon", "ws", "bun"],
  goals: [
    { variant: "latency p99", against: "absolute", limit: 15 },
    { variant: "not delivered in time", against: "absolute", limit: 0.5 },
  ],
  async measure(contender, effort) {
    return StartedServer.with(contender, "plain", {}, (server) =>
      LoadProcess.with(async (load) => {
        const client = { port: server.port, dialect: dialectOf(contender), path: "/subscribe", connections };
        await load.run({ do: "connect", ...client });
        // A second of the same load first, so that just-in-time compilers are done.
        await server.command({ do: "offer", perSecond, seconds: 1, bytes });
        await load.run({ do: "watch", bytes });
        const duration = effort.isQuick ? quickSeconds : seconds;
        await server.command({ do: "offer", perSecond, seconds: duration, bytes });
        const { units, p50Ms = Number.NaN, p99Ms = Number.NaN } = await load.measure({ do: "watched" });
        const missing = 1 - units / (perSecond * duration * connections);
        return [
          { variant: "not delivered in time", unit: "% of messages", value: Math.max(0, missing * 100) },
          { variant: "latency p50", unit: "ms", value: p50Ms },
          { variant: "latency p99", unit: "ms", value: p99Ms },
        ];
      }),
    );
  },
};
