/** `antiphon explain`: what a failure name, a close code, a status or another tool's error text means. */
import { explain } from "../explain/explain.ts";
import { groupByPhase, renderPhases } from "../explain/list-failures.ts";
import { renderExplanation } from "../explain/render-explanation.ts";
import { type CommandContext, exitCodes, type RegisterCommand } from "./command-context.ts";
import { readStandardInput } from "./read-input.ts";
import { renderFindings } from "./render-findings.ts";
import { chooseStyle } from "./text-style.ts";

interface ExplainOptions {
  readonly json: boolean;
  /** A phase, or `true` for all. */
  readonly list?: string | true;
}

function printJson(context: CommandContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function list(phase: string | true, { json }: ExplainOptions, context: CommandContext): void {
  const groups = groupByPhase();
  const chosen = phase === true ? groups : new Map([...groups].filter(([name]) => name === phase));
  if (chosen.size === 0) {
    context.stderr.write(`There is no phase ${String(phase)}. Phases: ${[...groups.keys()].join(", ")}.\n`);
    context.setExitCode(exitCodes.wrongUsage);
  } else if (json) printJson(context, Object.fromEntries(chosen));
  else context.stdout.write(renderPhases(chosen));
}

async function run(
  words: readonly string[],
  options: ExplainOptions,
  context: CommandContext,
): Promise<void> {
  if (options.list !== undefined) return list(options.list, options, context);
  let text = words.join(" ");
  if (text === "" || text === "-") {
    const input = await readStandardInput(context);
    if (!input.ok) {
      context.stderr.write(renderFindings([input.failure], chooseStyle(context.stderr, context.env)));
      return context.setExitCode(exitCodes.couldNotRun);
    }
    text = input.bytes.toString("utf8");
  }
  const explanation = explain(text);
  if (explanation.kind === "unknown") {
    context.setExitCode(exitCodes.wrongUsage);
    if (!options.json) {
      const style = chooseStyle(context.stderr, context.env);
      context.stderr.write(renderFindings([explanation.failure], style));
    }
  }
  if (options.json) return printJson(context, explanation);
  context.stdout.write(renderExplanation(explanation, chooseStyle(context.stdout, context.env)));
}

/** Adds the command. */
export const registerExplainCommand: RegisterCommand = (program, context) => {
  program
    .command("explain")
    .description("say what a failure name, a close code, an HTTP status or another tool's error text means")
    .argument("[text...]", "name, number or text; - or nothing reads standard input")
    .option("--list [phase]", "list all failures, or those of one phase")
    .option("--json", "print JSON", false)
    .action((words: string[], options: ExplainOptions) => run(words, options, context));
};
