import { describe, expect, it } from "vitest";
import { type CommandContext, type ExitCode, exitCodes } from "./command-context.ts";
import { registerConfigCommand } from "./config.ts";
import { runProgram } from "./program.ts";

async function run(
  args: string,
  env: CommandContext["env"] = {},
): Promise<{ exitCode: ExitCode; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  const exitCode = await runProgram(
    args.split(" ").filter((arg) => arg !== ""),
    {
      version: "1.2.3",
      cwd: "/nowhere",
      env,
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      signals: { on: () => undefined, off: () => undefined },
      exit: () => undefined,
    },
    [registerConfigCommand],
  );
  return { exitCode, stdout, stderr };
}

const app = { ANTIPHON_APPS_0_ID: "1", ANTIPHON_APPS_0_KEY: "key", ANTIPHON_APPS_0_SECRET: "very-secret" };

describe("the command line", () => {
  it("prints version and help, and ends with 0", async () => {
    expect(await run("--version")).toEqual({ exitCode: exitCodes.fine, stdout: "1.2.3\n", stderr: "" });
    const help = await run("config check --help");
    expect(help.exitCode).toBe(exitCodes.fine);
    expect(help.stdout).toContain("Server options:\n  --host <text>");
    expect(help.stdout).toContain("--metrics-port <number>");
    expect(help.stdout).not.toContain("passphrase");
  });

  it("ends with 2 for an unknown command or option, and suggests the right one", async () => {
    const option = await run("config check --prot 1");
    expect(option.exitCode).toBe(exitCodes.wrongUsage);
    expect(option.stderr).toContain("error: unknown option '--prot'\n(Did you mean --port?)");
    expect((await run("confg")).exitCode).toBe(exitCodes.wrongUsage);
    expect((await run("")).exitCode).toBe(exitCodes.wrongUsage);
  });
});

describe("antiphon config check", () => {
  it("ends with 0 for a fine configuration", async () => {
    const { exitCode, stdout } = await run("config check --port 7000", app);
    expect(exitCode).toBe(exitCodes.fine);
    expect(stdout).toBe("The configuration is fine (0 problems, 0 warnings).\n");
  });

  it("ends with 1 for problems, and prints them with their fix and the warnings", async () => {
    const { exitCode, stdout } = await run("config check --port x --metrics-enabled", { ANTIPHON_PROT: "1" });
    expect(exitCode).toBe(exitCodes.findings);
    expect(stdout).toBe(
      [
        "error   config-value-invalid",
        '        server.port is "x" (flag --port) but must be a whole number from 0 to 65535.',
        "        Correct the value at the place that set it.",
        "warning config-env-unknown",
        "        The environment variable ANTIPHON_PROT has no effect.",
        "        Remove the variable or correct its spelling.",
        "1 problems, 1 warnings.",
        "",
      ].join("\n"),
    );
  });

  it("gives the same as JSON", async () => {
    const { exitCode, stdout } = await run("config check --json --config missing.json");
    expect(exitCode).toBe(exitCodes.findings);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      problems: [{ name: "config-file-not-found" }],
      warnings: [],
    });
  });
});

describe("antiphon config print", () => {
  it("shows every value with its origin and no secret", async () => {
    const { exitCode, stdout } = await run("config print --port 7000", app);
    expect(exitCode).toBe(exitCodes.fine);
    expect(stdout).toMatch(/^server\.port +7000 +flag --port$/m);
    expect(stdout).toMatch(/^apps\[0\]\.key +key +env ANTIPHON_APPS_0_KEY$/m);
    expect(stdout).toMatch(/^apps\[0\]\.secret +\(hidden\) +env ANTIPHON_APPS_0_SECRET$/m);
    expect(stdout).not.toContain("very-secret");
  });

  it("gives the same as JSON", async () => {
    const { stdout } = await run("config print --json", app);
    expect(JSON.parse(stdout)).toMatchObject({
      "server.port": { value: 6001, origin: "default" },
      "apps[0].secret": { value: "(hidden)", origin: "env ANTIPHON_APPS_0_SECRET" },
    });
  });

  it("hides the header fields of webhooks", async () => {
    const webhooks =
      '[{"url":"http://a.test/","eventTypes":["cache_miss"],"headers":{"Authorization":"Bearer hush"}}]';
    const { stdout } = await run("config print", { ...app, ANTIPHON_APPS_0_WEBHOOKS: webhooks });
    expect(stdout).toContain("apps[0].webhooks[0].headers.Authorization");
    expect(stdout).not.toContain("hush");
  });
});

describe("antiphon config schema", () => {
  it("prints a JSON Schema", async () => {
    const { stdout } = await run("config schema");
    expect(JSON.parse(stdout)).toMatchObject({ title: "Antiphon configuration", type: "object" });
  });
});
