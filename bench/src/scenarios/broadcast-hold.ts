/** How long one broadcast to many keeps the event loop from serving anybody else. */
import { LoadProcess } from "../processes/load-process.ts";
import { StartedServer } from "../processes/started-server.ts";
import { dialectOf, type Scenario } from "./scenario.ts";

const connections = 10_000;
const broadcasts = 12;
const payload = "x".repeat(200);
const variant = "10,000 subscribers";

export const broadcastHold: Scenario = {
  name: "broadcast-hold",
  title: "Longest hold of the event loop by one broadcast",
  contenders: ["antiphon", "ws", "bun"],
  goals: [{ variant, against: "absolute", limit: 10 }],
  async measure(contender) {
    return StartedServer.with(contender, "plain", {}, (server) =>
      LoadProcess.with(async (load) => {
        const client = { port: server.port, dialect: dialectOf(contender), path: "/subscribe", connections };
        await load.run({ do: "connect", ...client });
        const { holdsMs } = await server.command<{ holdsMs: number[] }>({ do: "hold", payload, broadcasts });
        // The first ones run cold; and wall time on a shared machine has outliers that are not the server's.
        const warm = holdsMs.slice(2).sort((a, b) => a - b);
        return [{ variant, unit: "ms", value: warm[Math.floor(warm.length / 2)] ?? Number.NaN }];
      }),
    );
  },
};
