/** Fan-out with permessage-deflate, against the same bytes on the wire sent uncompressed. */
import { LoadProcess } from "../processes/load-process.ts";
import { StartedServer } from "../processes/started-server.ts";
import { type Sample, type Scenario, toSample } from "./scenario.ts";

const bytes = 4096;
const connections = 1000;
/** The frame header of payloads of these sizes. */
const headerBytes = 4;
const deflated = "4 KiB of JSON, compressed";
const plain = "as many bytes, uncompressed";

export const compressedFanOut: Scenario = {
  name: "compressed-fan-out",
  title: "Fan-out to 1,000 subscribers with permessage-deflate",
  contenders: ["antiphon", "ws", "bun"],
  goals: [{ variant: deflated, against: "own", base: plain, limit: 1.15 }],
  async measure(contender, effort) {
    const samples: Sample[] = [];
    let sentBytes = 0;
    for (const deflate of [true, false]) {
      await StartedServer.with(contender, "plain", { deflate }, ({ port, pid }) =>
        LoadProcess.with(async (load) => {
          const client = { port, dialect: "websocket", path: "/subscribe", connections, deflate } as const;
          await load.run({ do: "connect", ...client });
          const timing = { serverPid: pid, ...effort };
          const payload = deflate
            ? ({ kind: "text", bytes } as const)
            : ({ kind: "letters", bytes: sentBytes } as const);
          const window = await load.measure({ do: "fan-out", ...payload, perTurn: 1, ...timing });
          sentBytes = (window.frameBytes ?? 0) - headerBytes;
          samples.push(toSample(deflate ? deflated : plain, "µs CPU per message", window));
        }),
      );
    }
    return samples;
  },
};
