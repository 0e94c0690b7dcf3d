/**
 * Renders the reference of all settings as Markdown, from the schema and the tables of foreign variables. Written to
 * `docs/reference/configuration.md` by `scripts/generate-docs.mjs`; a test compares the two.
 */

import { formatPath, type SettingDescription } from "./describe-config.ts";
import type { ForeignMeaning, ForeignTable } from "./foreign-setting.ts";
import { reverbTable } from "./reverb-environment.ts";
import { settings } from "./setting-index.ts";
import { sockudoTable } from "./sockudo-environment.ts";
import { soketiTable } from "./soketi-environment.ts";

const introduction = `# Configuration

Every setting can be given in four places. A later place is stronger than an earlier one:

1. the default,
2. the configuration file: \`antiphon start --config antiphon.json\` (or \`.js\`, \`.mjs\`, \`.ts\` with a default export),
3. the environment, and weaker than it a file with variables: \`--env-file .env\`,
4. the command line.

\`antiphon config check\` names everything that is wrong, \`antiphon config print\` shows what is in force and where it came
from, and \`antiphon config schema\` prints a JSON Schema for editors.

In names of environment variables \`0\` stands for the first item of a list, \`1\` for the second, and so on. A list of texts is
written with commas or as JSON; a list of objects as JSON. An empty variable counts as not set.
`;

const sectionTitles: Readonly<Record<string, string>> = {
  server: "Server",
  apps: "Apps",
  limits: "Limits of the whole server",
  cluster: "Cluster of several machines",
  redis: "Redis",
  nats: "NATS",
  metrics: "Metrics",
  log: "Log",
  webhooks: "Webhook delivery",
  health: "Health",
};

const code = (text: string): string => `\`${text}\``;
const escapeCell = (text: string): string => text.replaceAll("|", "\\|");

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows.map((row) => row.map(escapeCell))];
  return `${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

function renderDefault(setting: SettingDescription): string {
  if (setting.required) return "required";
  const usual =
    setting.default === undefined || setting.default === "" ? "none" : code(JSON.stringify(setting.default));
  const profiles = Object.entries(setting.profileDefaults).map(
    ([profile, value]) => `${profile}: ${code(String(value))}`,
  );
  return [usual, ...profiles].join("; ");
}

function renderSetting(setting: SettingDescription): string[] {
  const names = [code(setting.env), ...(setting.flag === undefined ? [] : [code(setting.flag)])];
  return [code(setting.path), names.join("<br>"), setting.type, renderDefault(setting), setting.description];
}

function renderSections(): string {
  const sections = [...new Set(settings.map(({ segments }) => segments[0] ?? ""))];
  return sections
    .map((section) => {
      const rows = settings.filter(({ segments }) => segments[0] === section).map(renderSetting);
      const table = renderTable(["Setting", "Environment, flag", "Value", "Default", "What it does"], rows);
      return `\n## ${sectionTitles[section] ?? section}\n\n${table}`;
    })
    .join("");
}

/** Variables that only count together are shown as if the others were on. */
const allSwitchedOn = {
  REVERB_APP_RATE_LIMITING_ENABLED: "true",
  REVERB_SCALING_ENABLED: "true",
  SOKETI_ADAPTER_REDIS_CLUSTER_MODE: "true",
  SOKETI_DB_REDIS_CLUSTER_NODES: "[]",
  SOKETI_QUEUE_DRIVER: "redis",
  ADAPTER_DRIVER: "redis-cluster",
  SSL_ENABLED: "true",
  SSL_REDIRECT_HTTP: "true",
  UNIX_SOCKET_ENABLED: "true",
};

/** Values of variables that take words or JSON. Any other does with any value: the table is about where it goes. */
function chooseExample(name: string): string {
  if (name.endsWith("_DRIVER")) return "redis";
  if (/_(?:PUB_OPTIONS|SUB_OPTIONS|REDIS_OPTIONS)$/.test(name)) return '{"host":"redis","tls":{}}';
  return "1";
}

function renderMeaning(meaning: ForeignMeaning): string {
  switch (meaning.kind) {
    case "set":
      return code(formatPath(meaning.path));
    case "set-for-every-app":
      return code(`apps[].${meaning.path.join(".")}`);
    case "unavailable":
      return `${meaning.feature}: not available, ${meaning.effect}`;
    case "ignored":
    case "adjusted":
      return `ignored: ${meaning.reason}`;
    default:
      return "read where another setting needs it";
  }
}

function renderForeignTable(title: string, text: string, table: ForeignTable): string {
  const rows = Object.entries(table).map(([name, setting]) => {
    const adapter = name.includes("_NATS_") ? "nats" : "redis";
    const env = { ...allSwitchedOn, SOKETI_ADAPTER_DRIVER: adapter };
    const meanings = setting(chooseExample(name), env).filter(
      ({ kind }, _, all) => kind !== "redundant" || all.length === 1,
    );
    return [code(name), [...new Set(meanings.map(renderMeaning))].join("; ")];
  });
  return `\n## ${title}\n\n${text}\n\n${renderTable(["Variable", "Sets"], rows)}`;
}

/** The whole page. */
export function renderConfigReference(): string {
  return [
    introduction,
    renderSections(),
    renderForeignTable(
      "Variables of Laravel Reverb",
      "The `.env` of a Laravel project works as it is. Its apps get the profile `reverb`, and the port is 8080 unless it is set.",
      reverbTable,
    ),
    renderForeignTable(
      "Variables of soketi",
      "The environment of a soketi deployment works as it is. Its apps get the profile `soketi`. So does soketi's configuration " +
        "file: `--config` recognises it by its options, which mean what the variables below mean.",
      soketiTable,
    ),
    renderForeignTable(
      "Variables of Sockudo",
      "Read only where at least one variable starts with `SOCKUDO_`: most of the other names could belong to anybody.",
      sockudoTable,
    ),
  ].join("");
}
