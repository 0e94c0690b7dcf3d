/**
 * One program of the cluster as a child process on a port: starts, is killed, starts again, and stops in the end, by its pid
 * and never by its name. Whoever made it is told of every line that it writes, and when it ends.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

const startTimeoutMs = 30_000;
const stopTimeoutMs = 5000;
/** Lines of output that are shown if it cannot start. */
const shownLines = 15;

export class Program {
  #options;
  #child;
  #lastLines = [];
  /** `stopped`, `starting` or `running`. */
  state = "stopped";

  /**
   * @param {{ name: string, path: string, args: string[], env?: Record<string, string>, port: number,
   *   onLine?: (line: string) => void, onEnd?: (pid: number, how: string) => void }} options
   *   `args` and `env` make it listen on `port` of 127.0.0.1
   */
  constructor(options) {
    this.#options = options;
  }

  get name() {
    return this.#options.name;
  }

  get port() {
    return this.#options.port;
  }

  get pid() {
    return this.#child?.pid;
  }

  /** Resolves when it listens; rejects with what it wrote if it ends before. */
  async start() {
    if (this.#child !== undefined) return;
    const { path, args, env } = this.#options;
    // Else whoever listens there already would be taken for the program.
    if (await isOpen(this.port))
      throw new Error(`${this.name} cannot listen on port ${this.port}: it is taken.`);
    this.#lastLines = [];
    // Of this process's environment nothing else: what is set there for another Antiphon would be stronger than our file.
    const child = spawn(path, args, {
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.state = "starting";
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => this.#read(line));
    }
    // Later than "exit": all that it wrote has been read.
    const ended = once(child, "close").then(([code, signal]) =>
      this.#end(child.pid, signal ?? `exit code ${code}`),
    );
    await Promise.race([this.#untilListening(), ended.then(() => this.#complain())]);
    this.state = "running";
  }

  /** `kill -9`. */
  kill() {
    this.#child?.kill("SIGKILL");
  }

  /** Asks it to end, and waits for nothing. */
  abandon() {
    this.#child?.kill("SIGTERM");
  }

  /** Asks it to end, and kills it if it does not. */
  async stop() {
    const child = this.#child;
    if (child === undefined) return;
    const closed = once(child, "close");
    child.kill("SIGTERM");
    const forced = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
    await closed;
    clearTimeout(forced);
  }

  #read(line) {
    this.#lastLines = [...this.#lastLines, line].slice(-shownLines);
    this.#options.onLine?.(line);
  }

  #end(pid, how) {
    this.#child = undefined;
    this.state = "stopped";
    this.#options.onEnd?.(pid, how);
  }

  async #untilListening() {
    const until = performance.now() + startTimeoutMs;
    while (this.#child !== undefined && !(await isOpen(this.port))) {
      if (performance.now() > until) throw new Error(`${this.name} does not listen on port ${this.port}.`);
      // No event tells when another program listens.
      await delay(25);
    }
  }

  #complain() {
    throw new Error(
      [`${this.name} ended instead of listening on port ${this.port}:`, ...this.#lastLines].join("\n  "),
    );
  }
}

function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
