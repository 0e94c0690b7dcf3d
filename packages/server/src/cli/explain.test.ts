import { describe, expect, it } from "vitest";
import { exitCodes, type RunOptions, type RunResult, runCommand } from "./cli.test.harness.ts";
import { registerExplainCommand } from "./explain.ts";

const run = (args: readonly string[], options?: RunOptions): Promise<RunResult> =>
  runCommand([registerExplainCommand], ["explain", ...args], options);

describe("antiphon explain", () => {
  it("takes words without quotes, and the same from standard input", async () => {
    const words = await run(["MASK", "must", "be", "set"]);
    expect(words).toMatchObject({ exitCode: exitCodes.fine, stderr: "" });
    expect(words.stdout).toContain("  frame-unmasked-from-client: the fault of the client (proved)\n");
    expect(await run(["-"], { stdin: "MASK must be set\n" })).toEqual(words);
    expect(await run([], { stdin: "MASK must be set\n" })).toEqual(words);
  });

  it("ends with 2 for what nobody knows, and says so on standard error", async () => {
    expect(await run(["frame-unmaskd-from-client"])).toEqual({
      exitCode: exitCodes.wrongUsage,
      stdout: "",
      stderr: [
        "error   explain-text-unknown",
        "        This is no name that is known; the nearest is frame-unmasked-from-client.",
        "        Look through antiphon explain --list, or paste the error text whole.",
        "",
      ].join("\n"),
    });
    const json = await run(["--json", "frame-unmaskd-from-client"]);
    expect(json).toMatchObject({ exitCode: exitCodes.wrongUsage, stderr: "" });
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: "unknown",
      nearest: ["frame-unmasked-from-client"],
    });
  });

  it("gives JSON", async () => {
    const { stdout } = await run(["--json", "4009"]);
    expect(JSON.parse(stdout)).toMatchObject({ kind: "close-code", code: 4009, onWire: true });
  });

  it("lists all phases, one phase, or says which there are", async () => {
    const all = await run(["--list"]);
    expect(all.stdout).toMatch(/^frame\n {2}stream-not-websocket +Where /m);
    expect(all.stdout).toMatch(/^close\n/m);
    const one = await run(["--list", "deflate"]);
    expect(one.stdout).toMatch(/^deflate\n/);
    expect(one.stdout).not.toMatch(/^close\n/m);
    const none = await run(["--list", "deflat"]);
    expect(none).toMatchObject({ exitCode: exitCodes.wrongUsage, stdout: "" });
    expect(none.stderr).toMatch(/^There is no phase deflat\. Phases: transport, /);
    const json = await run(["--list", "deflate", "--json"]);
    expect(Object.keys(JSON.parse(json.stdout) as object)).toEqual(["deflate"]);
  });

  it("has colour on a terminal only", async () => {
    expect((await run(["tcp-reset"], { isTTY: true })).stdout).toContain("\u001b[");
    expect((await run(["tcp-reset"], { isTTY: true, env: { NO_COLOR: "1" } })).stdout).not.toContain(
      "\u001b[",
    );
  });
});
