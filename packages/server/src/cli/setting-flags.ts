/** Options for settings, derived from the schema: adds them to a command, and reads them back as configuration sources. */

import { type Command, Option } from "commander";
import type { SettingDescription } from "../config/describe-config.ts";
import type { ConfigSources } from "../config/load-config.ts";
import { flagSettings } from "../config/setting-index.ts";
import type { CommandContext } from "./command-context.ts";

const groupTitles: Readonly<Record<string, string>> = {
  server: "Server options:",
  limits: "Limit options:",
  metrics: "Metrics options:",
  log: "Log options:",
  webhooks: "Webhook options:",
  health: "Health options:",
};

const placeholders = {
  text: "<text>",
  number: "<number>",
  boolean: "[true|false]",
  choice: "<word>",
  texts: "<list>",
  json: "<json>",
} as const;

const formatDefault = (value: unknown): string =>
  value === "" ? "none" : JSON.stringify(value).replaceAll('"', "");

function createOption(setting: SettingDescription & { readonly flag: string }): Option {
  const fallback =
    setting.default === undefined || Array.isArray(setting.default)
      ? ""
      : ` (default: ${formatDefault(setting.default)})`;
  const option = new Option(
    `${setting.flag} ${placeholders[setting.kind]}`,
    `${setting.description}${fallback}`,
  );
  const [section = ""] = setting.segments;
  return option.helpGroup(groupTitles[section] ?? `${section} options:`);
}

/** Adds `--config`, `--env-file` and one option per setting of the whole server. */
export function addSettingFlags(command: Command): Command {
  command.option("-c, --config <file>", "configuration file: .json, or .js, .mjs, .ts with a default export");
  command.option(
    "--env-file <file>",
    "file with environment variables, such as the .env of a Laravel project",
  );
  for (const setting of flagSettings) command.addOption(createOption(setting));
  return command;
}

/** The sources that a command was called with. */
export function readConfigSources(command: Command, context: CommandContext): ConfigSources {
  const flags: Record<string, string> = {};
  for (const option of command.options) {
    const isSetting = flagSettings.some((setting) => setting.flag === option.long);
    // Options of settings have no parser, so commander gives the text as it is, and true for a switch without one.
    const value = command.getOptionValue(option.attributeName()) as string | true | undefined;
    if (isSetting && option.long !== undefined && value !== undefined) flags[option.long] = String(value);
  }
  const { config, envFile } = command.opts<{ config?: string; envFile?: string }>();
  return {
    flags,
    env: context.env,
    files: { cwd: context.cwd },
    ...(config !== undefined && { configFile: config }),
    ...(envFile !== undefined && { envFile }),
  };
}
