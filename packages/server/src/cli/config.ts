/** `antiphon config check`, `config print` and `config schema`: what is wrong, what is in force, what there is. */

import type { Command } from "commander";
import { listValues } from "../config/list-values.ts";
import { type ConfigResult, loadConfig } from "../config/load-config.ts";
import { createJsonSchema } from "../config/schema.ts";
import { type CommandContext, exitCodes, type RegisterCommand } from "./command-context.ts";
import { renderFindings } from "./render-findings.ts";
import { addSettingFlags, readConfigSources } from "./setting-flags.ts";
import { chooseStyle } from "./text-style.ts";

type LoadedConfig = Extract<ConfigResult, { ok: true }>;

/** One value in force, as `config print` shows it. */
interface PrintedValue {
  readonly path: string;
  readonly value: unknown;
  readonly origin: string;
}

function listPrintedValues({ config, origins }: LoadedConfig): PrintedValue[] {
  const { developmentApp: _, ...settings } = config;
  return [...listValues(settings)].map(({ name, shown }) => ({
    path: name,
    value: shown,
    origin: origins.get(name) ?? "default",
  }));
}

function renderValues(values: readonly PrintedValue[]): string {
  const pathWidth = Math.max(...values.map(({ path }) => path.length));
  const texts = values.map(({ value }) => (typeof value === "string" ? value : JSON.stringify(value)));
  const valueWidth = Math.min(40, Math.max(...texts.map((text) => text.length)));
  return values
    .map(
      ({ path, origin }, row) =>
        `${path.padEnd(pathWidth)}  ${(texts[row] ?? "").padEnd(valueWidth)}  ${origin}\n`,
    )
    .join("");
}

async function check(command: Command, context: CommandContext, asJson: boolean): Promise<void> {
  const result = await loadConfig(readConfigSources(command, context));
  const problems = result.ok ? [] : result.problems;
  if (problems.length > 0) context.setExitCode(exitCodes.findings);
  if (asJson) {
    context.stdout.write(
      `${JSON.stringify({ ok: result.ok, problems, warnings: result.warnings }, null, 2)}\n`,
    );
    return;
  }
  const style = chooseStyle(context.stdout, context.env);
  context.stdout.write(renderFindings([...problems, ...result.warnings], style));
  const counts = `${problems.length} problems, ${result.warnings.length} warnings`;
  context.stdout.write(
    result.ok ? `${style("green", "The configuration is fine")} (${counts}).\n` : `${counts}.\n`,
  );
}

async function print(command: Command, context: CommandContext, asJson: boolean): Promise<void> {
  const result = await loadConfig(readConfigSources(command, context));
  if (!result.ok) {
    context.stderr.write(renderFindings(result.problems, chooseStyle(context.stderr, context.env)));
    context.setExitCode(exitCodes.findings);
    return;
  }
  const values = listPrintedValues(result);
  const byPath = Object.fromEntries(values.map(({ path, value, origin }) => [path, { value, origin }]));
  context.stdout.write(asJson ? `${JSON.stringify(byPath, null, 2)}\n` : renderValues(values));
}

/** Adds the commands. */
export const registerConfigCommand: RegisterCommand = (program, context) => {
  const config = program.command("config").description("check, print and describe the configuration");
  const checkCommand = config
    .command("check")
    .description("name everything that is wrong with the configuration, and every variable without effect")
    .option("--json", "print JSON", false);
  addSettingFlags(checkCommand).action((options: { json: boolean }) =>
    check(checkCommand, context, options.json),
  );
  const printCommand = config
    .command("print")
    .description("print every value in force and where it came from; secrets are hidden")
    .option("--json", "print JSON", false);
  addSettingFlags(printCommand).action((options: { json: boolean }) =>
    print(printCommand, context, options.json),
  );
  config
    .command("schema")
    .description("print the JSON Schema of a configuration file")
    .action(() => void context.stdout.write(`${JSON.stringify(createJsonSchema(), null, 2)}\n`));
};
