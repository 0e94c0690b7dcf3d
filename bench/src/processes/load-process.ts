/** The load generator in a process of its own, on the core that is not the server's. */
import { fileURLToPath } from "node:url";
import type { LoadCommand, Window } from "../load/load-commands.ts";
import { LineChannel } from "./line-channel.ts";
import { place } from "./placement.ts";

const script = fileURLToPath(new URL("../load/main.js", import.meta.url));

export class LoadProcess {
  readonly #channel = new LineChannel("load generator", place("load", process.execPath, [script]));

  /** Starts a load generator, runs `use` with it, and stops it whatever happens. */
  static async with<Result>(use: (load: LoadProcess) => Promise<Result>): Promise<Result> {
    const load = new LoadProcess();
    try {
      return await use(load);
    } finally {
      await load.#channel.stop();
    }
  }

  /** Runs a command to its end. */
  async run(command: LoadCommand): Promise<void> {
    await this.#ask(command);
  }

  /** Runs a command that measures. */
  async measure(command: LoadCommand): Promise<Window> {
    return (await this.#ask(command)) as Window;
  }

  async #ask(command: LoadCommand): Promise<unknown> {
    const answer = await this.#channel.ask<{ readonly error?: string }>(command);
    if (answer.error !== undefined) throw new Error(`load generator: ${answer.error}`);
    return answer;
  }
}
