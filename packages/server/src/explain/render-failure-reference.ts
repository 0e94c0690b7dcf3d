/**
 * Renders the reference of all failures as Markdown, from the catalogues. Written to `docs/reference/failures.md` by
 * `scripts/generate-docs.mjs`; a test compares the two.
 */
import { failureAliases } from "../failures/failure-aliases.ts";
import { describeFault, describeRetry } from "../failures/fault-text.ts";
import type { FailureText } from "./failure-text.ts";
import { groupByPhase, phaseTitles } from "./list-failures.ts";

const introduction = `# Failures

Everything that can go wrong has one name. Logs, metric labels, error bodies, close reasons and the tools say the same name,
and \`antiphon explain NAME\` prints what stands here. Names are never changed and never used for something else.

In the sentences \`{limit}\` and the like stand for facts that a failure brings along when it happens. *Proved* means that the
bytes on the wire show it; *likely* that something else is possible. Only what is *fatal* ends a connection or refuses a request.
`;

/** Sentences hold braces and angle brackets that Markdown would take for its own. */
function escapeText(text: string): string {
  return text.replaceAll(/[<>*_|]/g, "\\$&").replaceAll(/\{\w+\}/g, "`$&`");
}

function renderFailure(failure: FailureText): string {
  const { name, message, fix, spec, httpStatus, closeCode, retry, severity } = failure;
  const facts = [
    `${capitalise(severity)}, ${describeFault(failure)}`,
    spec,
    ...(httpStatus === undefined ? [] : [`HTTP ${httpStatus}`]),
    ...(closeCode === undefined ? [] : [`Close code ${closeCode}`]),
    `Another attempt ${describeRetry(retry)}`,
  ];
  return `\n### \`${name}\`\n\n${escapeText(message)}\n\n**Fix:** ${escapeText(fix)}\n\n${escapeText(facts.join(". "))}.\n`;
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** The whole page. */
export function renderFailureReference(): string {
  const sections = [...groupByPhase()].map(
    ([phase, failures]) => `\n## ${phaseTitles[phase] ?? phase}\n${failures.map(renderFailure).join("")}`,
  );
  const aliases = [...failureAliases].map(([alias, name]) => `- \`${alias}\`: [\`${name}\`](#${name})\n`);
  return [
    introduction,
    ...sections,
    "\n## Other names\n\nWhat the same is called elsewhere; `antiphon explain` understands these, too.\n\n",
    ...aliases,
  ].join("");
}

/**
 * The list in `conformance/failure-names.json`, in alphabetical order: the names that it has, which none may be lost from, and
 * those that are new.
 */
export function renderFailureNames(listed: readonly string[]): string {
  const names = [...groupByPhase().values()].flat().map(({ name }) => name);
  return `${JSON.stringify([...new Set([...listed, ...names])].toSorted(), null, 2)}\n`;
}
