/** Connections that come and go, with header lines as browsers send them. */
import { LoadProcess } from "../processes/load-process.ts";
import { StartedServer } from "../processes/started-server.ts";
import { dialectOf, type Sample, type Scenario, toSample, withLongWarmUp } from "./scenario.ts";

const concurrency = 64;
const endings = [
  { ending: "cut", title: "TCP cut after the 101" },
  { ending: "close", title: "closing handshake" },
] as const;

export const handshakes: Scenario = {
  name: "handshakes",
  title: "Handshakes: connect, 101, end",
  contenders: ["antiphon", "ws", "bun"],
  goals: [
    { variant: "TCP cut after the 101", against: "bun", limit: 1.5 },
    { variant: "TCP cut after the 101", against: "ws", limit: 0.65 },
  ],
  async measure(contender, effort) {
    const samples: Sample[] = [];
    for (const { ending, title } of endings) {
      await StartedServer.with(contender, "plain", {}, ({ port, pid }) =>
        LoadProcess.with(async (load) => {
          const dialect = dialectOf(contender);
          const timing = { serverPid: pid, ...withLongWarmUp(effort) };
          const window = await load.measure({
            do: "handshakes",
            port,
            dialect,
            concurrency,
            ending,
            ...timing,
          });
          samples.push(toSample(title, "µs CPU per handshake", window));
        }),
      );
    }
    return samples;
  },
};
