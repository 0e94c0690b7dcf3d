/** One node under test: an `antiphon start` of its own that can be killed, paused and looked into. Gone when the test is over. */
import type Pusher from "pusher";
import { onTestFinished } from "vitest";
import {
  type ConfiguredServer,
  type ServerSettings,
  startConfiguredServer,
} from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";

/** What all tests of chaos call their app. */
export const credentials = { id: "99", key: "chaos-key", secret: "chaos-secret" };

const watch = new URL("./watch-node.mjs", import.meta.url).href;

/** What a node knows of itself, see `watch-node.mjs`. */
export interface NodeFigures {
  /** In use after collecting garbage. */
  readonly heapBytes: number;
  /** The longest time for which the event loop was held since the last time it was asked. */
  readonly heldMs: number;
}

type LogEntry = Readonly<Record<string, unknown>>;

export class ChaosNode {
  /** Publishes on this node, and asks it. */
  readonly publisher: Pusher;
  readonly #server: ConfiguredServer;
  #ended = false;

  private constructor(server: ConfiguredServer) {
    this.#server = server;
    this.publisher = createPublisher(server, credentials);
  }

  static async start(settings: ServerSettings): Promise<ChaosNode> {
    let pid: number | undefined;
    let ended = false;
    onTestFinished(() => {
      if (pid === undefined || ended) return;
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Gone already.
      }
    });
    const server = await startConfiguredServer(
      { log: { format: "json" }, ...settings },
      { env: { NODE_OPTIONS: `--import ${watch}` }, onSpawn: (spawned) => (pid = spawned) },
    );
    const node = new ChaosNode(server);
    onTestFinished(async () => {
      await node.#end("SIGKILL");
      ended = true;
    });
    return node;
  }

  get port(): number {
    return this.#server.port;
  }

  get isRunning(): boolean {
    try {
      return process.kill(this.#server.pid, 0);
    } catch {
      return false;
    }
  }

  kill(): Promise<number | null> {
    return this.#end("SIGKILL");
  }

  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  pause(): void {
    process.kill(this.#server.pid, "SIGSTOP");
  }

  resume(): void {
    process.kill(this.#server.pid, "SIGCONT");
  }

  /** Everything that it has printed. */
  get output(): string {
    return this.#server.output();
  }

  /** Waits until this text has been printed. */
  printed(text: string): Promise<void> {
    return this.#server.printed(text);
  }

  async readFigures(): Promise<NodeFigures> {
    const before = this.#listFigures().length;
    process.kill(this.#server.pid, "SIGUSR2");
    for (;;) {
      const latest = this.#listFigures()[before];
      if (latest !== undefined) return latest;
      await this.#server.printedMore();
    }
  }

  /** The value of a metric without labels; its name without the prefix. */
  async readMetric(name: string): Promise<number> {
    const url = /Metrics +(http:\S+)/.exec(this.#server.output())?.[1] ?? "";
    const text = await (await fetch(url)).text();
    return Number(new RegExp(`^antiphon_${name} (\\S+)$`, "m").exec(text)?.[1]);
  }

  /** Names of all failures in its log so far. */
  listFailures(): string[] {
    return this.#listEntries().flatMap(({ failure }) => (typeof failure === "string" ? [failure] : []));
  }

  async ask(path: string, params: Record<string, string> = {}): Promise<unknown> {
    return (await this.publisher.get({ path, params })).json();
  }

  /** The status of `/ready`. */
  async readReadiness(): Promise<number> {
    return (await fetch(`http://127.0.0.1:${this.port}/ready`)).status;
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#ended) return null;
    this.#ended = true;
    return this.#server.stop(signal);
  }

  #listFigures(): NodeFigures[] {
    return this.#listEntries().flatMap(({ figures }) =>
      figures === undefined ? [] : [figures as NodeFigures],
    );
  }

  #listEntries(): LogEntry[] {
    return this.#server
      .output()
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as LogEntry);
  }
}
