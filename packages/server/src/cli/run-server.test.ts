import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { type Config, loadConfig } from "../config/load-config.ts";
import type { CommandContext } from "./command-context.ts";
import { runServer } from "./run-server.ts";

interface Stage {
  readonly signals: EventEmitter;
  readonly stdout: string[];
  readonly logs: Record<string, unknown>[];
  readonly stderr: string[];
  readonly exits: number[];
  readonly calls: string[];
  readonly context: CommandContext;
}

function setStage(): Stage {
  const signals = new EventEmitter();
  const stage = {
    signals,
    stdout: [] as string[],
    stderr: [] as string[],
    exits: [] as number[],
    calls: [] as string[],
  };
  const logs: Record<string, unknown>[] = [];
  const context: CommandContext = {
    version: "1.2.3",
    cwd: "/srv",
    env: {},
    stdout: { write: (text) => stage.stdout.push(text) },
    stderr: {
      write: (text) => {
        stage.stderr.push(text);
        if (text.startsWith("{")) logs.push(JSON.parse(text) as Record<string, unknown>);
      },
    },
    signals,
    exit: (code) => void stage.exits.push(code),
    setExitCode: () => undefined,
  };
  return { ...stage, logs, context };
}

interface Scene {
  readonly start?: () => Promise<{ url: string; host: string; port: number }>;
  readonly stop?: () => Promise<void>;
  readonly env?: () => Record<string, string>;
  readonly quiet?: boolean;
}

function play(stage: Stage, scene: Scene = {}): Promise<number> {
  const listening = { url: "ws://127.0.0.1:6001", host: "127.0.0.1", port: 6001 };
  return runServer({
    context: stage.context,
    load: () => loadConfig({ env: scene.env?.() ?? {} }),
    createServer: () => ({
      start: () => {
        stage.calls.push("start");
        return scene.start?.() ?? Promise.resolve(listening);
      },
      stop: (reason?: string) => {
        stage.calls.push(`stop ${reason ?? ""}`);
        return scene.stop?.() ?? Promise.resolve();
      },
      reload: (config: Config) => void stage.calls.push(`reload ${config.log.level}`),
    }),
    quiet: scene.quiet ?? false,
  });
}

/** Resolves when the log has this message. */
async function waitForLog(stage: Stage, message: string): Promise<void> {
  while (!stage.logs.some((entry) => entry["msg"] === message)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("antiphon start", () => {
  it("listens, prints the banner, and stops with 0 on SIGTERM", async () => {
    const stage = setStage();
    const exitCode = play(stage);
    await waitForLog(stage, "listening");
    expect(stage.stdout.join("")).toContain("Antiphon 1.2.3 listens on 127.0.0.1:6001");
    stage.signals.emit("SIGTERM");
    expect(await exitCode).toBe(0);
    expect(stage.calls).toEqual(["start", "stop SIGTERM"]);
    expect(stage.signals.eventNames()).toEqual([]);
  });

  it("prints nothing to stdout when it is told to be quiet", async () => {
    const stage = setStage();
    const exitCode = play(stage, { quiet: true });
    await waitForLog(stage, "listening");
    stage.signals.emit("SIGINT");
    await exitCode;
    expect(stage.stdout).toEqual([]);
  });

  it("ends at once at the second signal", async () => {
    const stage = setStage();
    let finishStop: (() => void) | undefined;
    const stop = () =>
      new Promise<void>((resolve) => {
        finishStop = resolve;
      });
    const exitCode = play(stage, { stop });
    await waitForLog(stage, "listening");
    stage.signals.emit("SIGINT");
    await waitForLog(stage, "stopping");
    expect(stage.exits).toEqual([]);
    stage.signals.emit("SIGTERM");
    expect(stage.exits).toEqual([3]);
    finishStop?.();
    await exitCode;
  });

  it("reloads on SIGHUP, and keeps what it has where the new configuration is wrong", async () => {
    const stage = setStage();
    const env: Record<string, string> = {};
    const exitCode = play(stage, { env: () => env });
    await waitForLog(stage, "listening");
    env["ANTIPHON_LOG_LEVEL"] = "debug";
    stage.signals.emit("SIGHUP");
    await waitForLog(stage, "configuration reloaded");
    env["ANTIPHON_LOG_LEVEL"] = "loud";
    stage.signals.emit("SIGHUP");
    await waitForLog(stage, "configuration not reloaded: the one from before stays in force");
    expect(stage.logs.map((entry) => entry["failure"])).toContain("config-value-invalid");
    expect(stage.logs.map((entry) => entry["msg"])).toContain(
      "The configuration changed at log.level, which is only read at the start: what was in force stays.",
    );
    expect(stage.calls).toEqual(["start", "reload debug"]);
    stage.signals.emit("SIGTERM");
    await exitCode;
  });

  it("ends with 3 and the problems where the configuration is wrong", async () => {
    const stage = setStage();
    expect(await play(stage, { env: () => ({ ANTIPHON_SERVER_PORT: "x" }) })).toBe(3);
    expect(stage.stderr.join("")).toContain("error   config-value-invalid");
    expect(stage.calls).toEqual([]);
  });

  it.each([
    ["EADDRINUSE", "listen-address-in-use", "Another program already listens on 127.0.0.1:6001."],
    [
      "EACCES",
      "listen-permission-denied",
      "The operating system does not let this user listen on 127.0.0.1:6001.",
    ],
    ["EADDRNOTAVAIL", "listen-address-unavailable", "127.0.0.1:6001 is not an address of this machine."],
  ])("ends with 3 and a named failure at %s", async (code, failure, message) => {
    const stage = setStage();
    const error = Object.assign(new Error(code), { code, address: "127.0.0.1", port: 6001 });
    expect(await play(stage, { start: () => Promise.reject(error) })).toBe(3);
    expect(stage.logs.at(-1)).toMatchObject({ level: "fatal", failure, msg: message });
  });

  it("ends with 3 and the error where something unforeseen happens", async () => {
    const stage = setStage();
    expect(await play(stage, { start: () => Promise.reject(new Error("boom")) })).toBe(3);
    expect(stage.logs.at(-1)).toMatchObject({ level: "fatal", err: { message: "boom" } });
  });
});
