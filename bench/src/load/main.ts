/** Entry of the load generator: one command at a time on standard input, one answer each on standard output. */
import { createInterface } from "node:readline";
import { Crowd } from "./crowd.ts";
import { greet, measureEcho } from "./echo-load.ts";
import { measureFanOut } from "./fan-out-load.ts";
import { measureHandshakes } from "./handshake-load.ts";
import { LatencyWatch } from "./latency-watch.ts";
import type { LoadCommand, Window } from "./load-commands.ts";
import { waitUntilStill } from "./measure-window.ts";
import { measurePublishes } from "./publish-load.ts";

let crowd: Crowd | undefined;
let crowdPort = 0;
let watch: LatencyWatch | undefined;

function openCrowd(): Crowd {
  if (crowd === undefined) throw new Error("nobody is connected");
  return crowd;
}

async function connect(command: Extract<LoadCommand, { do: "connect" }>): Promise<void> {
  // A second call adds connections: memory is measured between the two.
  const opened = await Crowd.open(command);
  if (command.greets) await greet(opened, command.deflate === true);
  if (opened.lost > 0) throw new Error(`${opened.lost} connections were lost`);
  crowd = opened;
  crowdPort = command.port;
}

async function startWatch(bytes: number): Promise<void> {
  const watched = openCrowd();
  await waitUntilStill(() => watched.receivedBytes);
  watch = new LatencyWatch(watched, bytes);
}

function endWatch(): Partial<Window> {
  if (watch === undefined) throw new Error("nothing was watched");
  return { units: watch.delivered, p50Ms: watch.percentileMs(0.5), p99Ms: watch.percentileMs(0.99) };
}

async function run(command: LoadCommand): Promise<Partial<Window>> {
  switch (command.do) {
    case "echo":
      return measureEcho(openCrowd(), command);
    case "fan-out":
      return measureFanOut(openCrowd(), crowdPort, command);
    case "handshakes":
      return measureHandshakes(command);
    case "publish":
      return measurePublishes(crowd, command);
    case "watched":
      return endWatch();
    case "connect":
      await connect(command);
      break;
    case "watch":
      await startWatch(command.bytes);
  }
  return {};
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  void run(JSON.parse(line) as LoadCommand)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }))
    .then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`));
});
lines.on("close", () => process.exit(0));
