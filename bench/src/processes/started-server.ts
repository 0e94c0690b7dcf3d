/** A contender's server in a process of its own, on the server's core. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchApp } from "../bench-app.ts";
import { chooseProgram, type ContenderName, type ServerKind } from "../contenders.ts";
import type { ServerCommand } from "../servers/control.ts";
import { LineChannel } from "./line-channel.ts";
import { place } from "./placement.ts";
import { readResidentBytes } from "./process-usage.ts";

const settleMs = 400;
/** As installed, but without heartbeats, which the load generator would have to answer. */
const antiphonConfig = {
  server: { port: 0 },
  metrics: { port: 0 },
  apps: [{ ...benchApp, connection: { pingIntervalMs: 3_600_000 } }],
};

export class StartedServer {
  readonly port: number;
  readonly pid: number;
  readonly #channel: LineChannel;

  private constructor(port: number, channel: LineChannel) {
    this.port = port;
    this.pid = channel.pid;
    this.#channel = channel;
  }

  /** Starts a server, runs `use` with it, and stops it whatever happens. */
  static async with<Result>(
    contender: ContenderName,
    kind: ServerKind,
    options: { readonly deflate?: boolean },
    use: (server: StartedServer) => Promise<Result>,
  ): Promise<Result> {
    const folder = await mkdtemp(join(tmpdir(), "antiphon-bench-"));
    const configFile = join(folder, "antiphon.json");
    await writeFile(configFile, JSON.stringify(antiphonConfig));
    const program = chooseProgram(contender, kind, { ...options, configFile });
    const channel = new LineChannel(`server ${contender}`, place("server", program.file, program.args));
    try {
      const [, port] = await channel
        .find(/"port":(\d+)|wss?:\/\/[^/\s]+:(\d+)/)
        .then((found) => found.filter(Boolean));
      return await use(new StartedServer(Number(port), channel));
    } finally {
      await channel.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** For servers written here; `antiphon start` takes no commands. */
  command<Answer>(command: ServerCommand): Promise<Answer> {
    return this.#channel.ask<Answer>(command);
  }

  /** Resident memory once garbage is collected and allocators have had a moment. */
  async readSettledBytes(): Promise<number> {
    await this.command({ do: "collect" });
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    await this.command({ do: "collect" });
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    return readResidentBytes(this.pid);
  }
}
