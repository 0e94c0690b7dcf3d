/** Requests and answers as lines of JSON over the standard streams of a child process, one at a time. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Placement } from "./placement.ts";

/** A child that does not answer within this time is taken for stuck. */
const answerTimeoutMs = 120_000;
const keptErrorCharacters = 4000;

const running = new Set<ChildProcessByStdio<Writable, Readable, Readable>>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class LineChannel {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #title: string;
  /** Lines that nobody has asked for yet. */
  readonly #lines: string[] = [];
  #errors = "";
  #take: ((line: string) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  constructor(title: string, { file, args }: Placement) {
    this.#title = title;
    this.#child = spawn(file, args, {
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own: Ctrl+C is for the run, which ends its children itself.
      detached: true,
    });
    running.add(this.#child);
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      if (this.#take) this.#take(line);
      else this.#lines.push(line);
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-keptErrorCharacters);
    });
    this.#child.on("exit", () => {
      running.delete(this.#child);
      this.#fail?.(new Error(`${title} ended early:\n${this.#errors}`));
    });
    // A child that died is reported by its exit.
    this.#child.stdin.on("error", () => {});
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#title} did not start`);
    return this.#child.pid;
  }

  /** The first line that holds what is looked for. */
  async find(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(await this.nextLine());
      if (found) return found;
    }
  }

  /** Sends a command and waits for its answer. */
  async ask<Answer>(command: unknown): Promise<Answer> {
    this.#lines.length = 0;
    const line = this.nextLine();
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    return JSON.parse(await line) as Answer;
  }

  /** The next line. Rejects if the child ends, or stays silent for too long. */
  nextLine(): Promise<string> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#fail?.(new Error(`${this.#title} does not answer:\n${this.#errors}`)),
        answerTimeoutMs,
      );
      const settle = (): void => {
        clearTimeout(timer);
        this.#take = undefined;
        this.#fail = undefined;
      };
      this.#take = (line) => {
        settle();
        resolve(line);
      };
      this.#fail = (error) => {
        settle();
        reject(error);
      };
      if (this.#child.exitCode !== null) this.#fail(new Error(`${this.#title} has ended:\n${this.#errors}`));
    });
  }

  /** Ends the child at once; nothing of it is needed any more. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
