/** Signed publishes over HTTP that nobody listens to: what a request costs. */
import { LoadProcess } from "../processes/load-process.ts";
import { StartedServer } from "../processes/started-server.ts";
import { type Sample, type Scenario, toSample, withLongWarmUp } from "./scenario.ts";

const publishers = 32;
const shapes = [
  { title: "1 event a request", eventsPerRequest: 1 },
  { title: "10 events a request", eventsPerRequest: 10 },
];

export const signedIngest: Scenario = {
  name: "signed-ingest",
  title: "Signed POST /apps/ID/events, kept alive, no subscriber",
  contenders: ["antiphon", "ws", "bun"],
  goals: [],
  async measure(contender, effort) {
    const samples: Sample[] = [];
    await StartedServer.with(contender, "pusher", {}, ({ port, pid }) =>
      LoadProcess.with(async (load) => {
        for (const { title, eventsPerRequest } of shapes) {
          const timing = { serverPid: pid, ...withLongWarmUp(effort) };
          const shape = { port, publishers, eventsPerRequest, bytes: 200 };
          const window = await load.measure({ do: "publish", ...shape, ...timing });
          samples.push(toSample(title, "µs CPU per request", window));
        }
      }),
    );
    return samples;
  },
};
