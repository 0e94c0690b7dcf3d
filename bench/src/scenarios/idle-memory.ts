/** What a connection costs that is only there: resident memory between 1,000 and 10,000 of them. */
import { LoadProcess } from "../processes/load-process.ts";
import { StartedServer } from "../processes/started-server.ts";
import { dialectOf, type Effort, type Sample, type Scenario } from "./scenario.ts";
import type { ContenderName } from "../contenders.ts";

const fewConnections = 1000;
const manyConnections = 10_000;
const quickManyConnections = 3000;
const plain = "plain, one message";
const deflated = "permessage-deflate, one compressed message";

async function measureMemory(contender: ContenderName, deflate: boolean, effort: Effort): Promise<Sample> {
  const added = (effort.isQuick ? quickManyConnections : manyConnections) - fewConnections;
  return StartedServer.with(contender, "plain", { deflate }, (server) =>
    LoadProcess.with(async (load) => {
      const dialect = dialectOf(contender);
      const client = {
        do: "connect",
        port: server.port,
        dialect,
        path: "/echo",
        deflate,
        greets: true,
      } as const;
      await load.run({ ...client, connections: fewConnections });
      const before = await server.readSettledBytes();
      await load.run({ ...client, connections: added });
      const after = await server.readSettledBytes();
      const value = (after - before) / added / 1024;
      return { variant: deflate ? deflated : plain, unit: "KB per connection", value };
    }),
  );
}

export const idleMemory: Scenario = {
  name: "idle-memory",
  title: "Resident memory of an idle connection",
  contenders: ["antiphon", "ws", "bun", "socket.io"],
  goals: [
    { variant: plain, against: "absolute", limit: 3.5 },
    { variant: deflated, against: "absolute", limit: 3.7 },
  ],
  async measure(contender, effort) {
    const samples = [await measureMemory(contender, false, effort)];
    // Socket.IO compresses only with an option of its own, and then as ws, which it stands on.
    if (contender !== "socket.io") samples.push(await measureMemory(contender, true, effort));
    return samples;
  },
};
