/** Thousands of presence members on one node, held by one child process. Ended when the test is over. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type ChaosNode, credentials } from "./chaos-node.ts";

const program = fileURLToPath(new URL("./member-crowd-process.mjs", import.meta.url));

export interface CrowdSize {
  readonly connections: number;
  /** Presence channels that each connection joins; beside one public channel. */
  readonly channelsEach: number;
  /** Presence channels in all. */
  readonly channels: number;
}

/** Resolves when all are in. Members of `presence-crowd-0` and so on are called `member-0` and so on. */
export async function gatherCrowd(
  node: ChaosNode,
  { connections, channelsEach, channels }: CrowdSize,
): Promise<void> {
  const { key, secret } = credentials;
  const args = [program, node.port, key, secret, connections, channelsEach, channels].map(String);
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "close");
  });
  const ended = once(child, "exit").then(() => {
    throw new Error("the crowd has ended");
  });
  // That it ends with its node is no matter once it is in.
  ended.catch(() => {});
  await Promise.race([once(child.stdout, "data"), ended]);
}
