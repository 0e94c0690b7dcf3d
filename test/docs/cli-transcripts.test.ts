/**
 * Runs the commands in the pages about `decode` and `explain`, and compares what they print with what the pages show.
 * `UPDATE_TRANSCRIPTS=1 npx vitest run test/docs/cli-transcripts.test.ts` writes the pages anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runCommand } from "../../packages/server/src/cli/cli.test.harness.ts";
import { registerDecodeCommand } from "../../packages/server/src/cli/decode.ts";
import { registerExplainCommand } from "../../packages/server/src/cli/explain.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const isUpdate = process.env["UPDATE_TRANSCRIPTS"] === "1";
const pages = ["docs/reference/cli-decode.md", "docs/reference/cli-explain.md"];
const block = /^```console\n([^]*?)^```$/gm;
const heredoc = /^([^]*) <<'END'$/;

/** Words of a shell, as far as the pages need them: quotes of both kinds, no escapes. */
function splitWords(line: string): string[] {
  return Array.from(
    line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g),
    ([, single, double, bare]) => single ?? double ?? bare ?? "",
  );
}

interface Step {
  readonly command: string;
  readonly stdin: readonly string[] | undefined;
}

/** The commands of a block, without what they printed. */
function readSteps(text: string): Step[] {
  const lines = text.split("\n");
  const steps: Step[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (!line.startsWith("$ ")) continue;
    const end = heredoc.test(line) ? lines.indexOf("END", at) : -1;
    steps.push({ command: line.slice(2), stdin: end < 0 ? undefined : lines.slice(at + 1, end) });
    if (end > 0) at = end;
  }
  return steps;
}

/** A block as a terminal would show it. */
async function transcribe(text: string): Promise<string> {
  let shown = "";
  let exitCode = 0;
  for (const { command, stdin } of readSteps(text)) {
    shown += `$ ${command}\n`;
    if (stdin) shown += `${[...stdin, "END"].join("\n")}\n`;
    if (command === "echo $?") {
      shown += `${exitCode}\n`;
      continue;
    }
    const [program, ...args] = splitWords(command.replace(heredoc, "$1"));
    if (program !== "antiphon") throw new Error(`the page runs ${program}`);
    const input = stdin === undefined ? {} : { stdin: `${stdin.join("\n")}\n` };
    const result = await runCommand([registerDecodeCommand, registerExplainCommand], args, {
      cwd: root,
      ...input,
    });
    exitCode = result.exitCode;
    shown += result.stdout + result.stderr;
  }
  // Nobody sees blanks at the ends of lines, and editors remove them.
  return shown.replaceAll(/ +$/gm, "");
}

describe.each(pages)("%s", (name) => {
  it("shows what the commands print", async () => {
    const page = readFileSync(`${root}${name}`, "utf8");
    const blocks = [...page.matchAll(block)];
    expect(blocks.length).toBeGreaterThan(3);
    const transcripts = await Promise.all(blocks.map(([, text = ""]) => transcribe(text)));
    const rest = transcripts[Symbol.iterator]();
    const current = page.replaceAll(block, () => `\`\`\`console\n${rest.next().value}\`\`\``);
    if (isUpdate) writeFileSync(`${root}${name}`, current);
    expect(isUpdate ? current : page).toBe(current);
  });
});

describe("docs/explanation/what-articles-get-wrong-about-websocket.md", () => {
  const page = readFileSync(`${root}docs/explanation/what-articles-get-wrong-about-websocket.md`, "utf8");
  const decodes = [...page.matchAll(/^```console\n\$ antiphon (decode .+)\n([^`]+)```$/gm)];

  it.each(decodes.map(([, command = "", shown = ""]) => [command, shown.trimEnd().split("\n")] as const))(
    "shows lines that antiphon %s prints",
    async (command, shown) => {
      const { stdout } = await runCommand([registerDecodeCommand], splitWords(command));
      const printed = stdout.split("\n");
      // The page cuts off the advice at the end of a line.
      const missing = shown.filter(
        (line) => !printed.some((real) => real.startsWith(line.replace(/ \.\.\.$/, ""))),
      );
      expect(missing).toEqual([]);
    },
  );

  it("has such lines", () => expect(decodes.length).toBeGreaterThan(10));
});
