/** A message and its answer, in a closed loop. */
import { LoadProcess } from "../processes/load-process.ts";
import { StartedServer } from "../processes/started-server.ts";
import { dialectOf, type Sample, type Scenario, toSample } from "./scenario.ts";

interface Shape {
  readonly title: string;
  readonly connections: number;
  readonly bytes: number;
  readonly depth: number;
}

const shapes: readonly Shape[] = [
  { title: "64 B, 1 in flight", connections: 1000, bytes: 64, depth: 1 },
  { title: "64 B, 16 in flight", connections: 1000, bytes: 64, depth: 16 },
  { title: "1 KiB, 1 in flight", connections: 1000, bytes: 1024, depth: 1 },
  { title: "64 KiB, 1 in flight", connections: 100, bytes: 65_536, depth: 1 },
];

export const echo: Scenario = {
  name: "echo",
  title: "Echo in a closed loop",
  contenders: ["antiphon", "ws", "bun", "socket.io"],
  goals: [
    { variant: "64 B, 1 in flight", against: "bun", limit: 1.3 },
    { variant: "64 B, 1 in flight", against: "ws", limit: 0.6 },
    { variant: "64 B, 16 in flight", against: "bun", limit: 1.55 },
    { variant: "64 B, 16 in flight", against: "ws", limit: 0.1 },
  ],
  async measure(contender, effort) {
    const samples: Sample[] = [];
    for (const { title, connections, bytes, depth } of shapes) {
      await StartedServer.with(contender, "plain", {}, ({ port, pid }) =>
        LoadProcess.with(async (load) => {
          const dialect = dialectOf(contender);
          await load.run({ do: "connect", port, dialect, path: "/echo", connections });
          const window = await load.measure({ do: "echo", bytes, depth, serverPid: pid, ...effort });
          samples.push(toSample(title, "µs CPU per round trip", window));
        }),
      );
    }
    return samples;
  },
};
