/** One message to many: the work that a realtime server is for. */
import { LoadProcess } from "../processes/load-process.ts";
import { StartedServer } from "../processes/started-server.ts";
import { dialectOf, type Sample, type Scenario, toSample } from "./scenario.ts";

const bytes = 200;
/** Publishes in one turn, for each number of subscribers. */
const shapes = new Map([
  [1000, [1, 4, 16, 64]],
  [100, [1, 16]],
  [5000, [1, 16]],
]);
const quickConnections = 1000;

export const fanOut: Scenario = {
  name: "fan-out",
  title: "Fan-out of 200 bytes: publishes in one turn of the event loop",
  contenders: ["antiphon", "ws", "bun", "socket.io"],
  goals: [
    { variant: "1,000 subscribers, 1 a turn", against: "bun", limit: 1.15 },
    { variant: "1,000 subscribers, 1 a turn", against: "ws", limit: 0.8 },
    { variant: "1,000 subscribers, 4 a turn", against: "bun", limit: 1.15 },
    { variant: "1,000 subscribers, 4 a turn", against: "ws", limit: 0.2 },
    { variant: "1,000 subscribers, 16 a turn", against: "bun", limit: 1.15 },
    { variant: "1,000 subscribers, 16 a turn", against: "ws", limit: 0.06 },
    { variant: "1,000 subscribers, 64 a turn", against: "ws", limit: 0.02 },
  ],
  async measure(contender, effort) {
    const samples: Sample[] = [];
    for (const [connections, publishesPerTurn] of shapes) {
      if (effort.isQuick && connections !== quickConnections) continue;
      await StartedServer.with(contender, "plain", {}, ({ port, pid }) =>
        LoadProcess.with(async (load) => {
          const dialect = dialectOf(contender);
          await load.run({ do: "connect", port, dialect, path: "/subscribe", connections });
          for (const perTurn of publishesPerTurn) {
            const timing = { serverPid: pid, ...effort };
            const window = await load.measure({ do: "fan-out", bytes, kind: "letters", perTurn, ...timing });
            const variant = `${connections.toLocaleString("en")} subscribers, ${perTurn} a turn`;
            samples.push(toSample(variant, "µs CPU per message", window));
          }
        }),
      );
    }
    return samples;
  },
};
