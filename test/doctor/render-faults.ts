/** The table of faults as the page of the reference. */
import { allFailures } from "../../packages/server/src/failures/all-failures.ts";
import type { Fault, FaultGroup } from "./fault.ts";

const intro = `# Faults and their names

Everything on this page is made wrong for real by the tests of Antiphon, on each run: with real proxies where proxies are
to blame, with certificates of every wrong kind, and with servers and clients that break one rule each. What stands
beside each fault is what Antiphon says about it: the name, whose fault it is, and what to do.

The name can be looked up with \`antiphon explain NAME\`. *Seen by* is \`antiphon doctor\` where a server, a proxy or the
network is wrong, and the log of Antiphon's server where a client is. *Likely* means that the wire does not prove it.
`;

export function renderFaults(groups: readonly FaultGroup[]): string {
  const sections = groups.map(({ title, faults }) => {
    const rows = faults.map(renderRow).join("");
    return `\n## ${title}\n\n| What is wrong | Seen by | Name | Whose fault | What to do |\n|---|---|---|---|---|\n${rows}`;
  });
  return `${intro}${sections.join("")}`;
}

function renderRow({ title, seenBy, expected }: Fault): string {
  const { failure, fault } = expected;
  const fix = describeFix(allFailures.get(failure)?.fix ?? "", expected.fix);
  const tool = seenBy === "doctor" ? "`antiphon doctor`" : "server log";
  const cells = [title, tool, `\`${failure}\``, fault.replace(/^the fault of /, ""), fix];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
}

/** The catalogue's fix, and what the doctor adds to it: the settings of a proxy, or a URL. */
function describeFix(general: string, particular: string): string {
  if (general.toLowerCase().includes(particular.toLowerCase())) return general;
  const code = /[;{=]|:\/\//.test(particular) ? `\`${particular}\`` : particular;
  return `${general.replace(/\.$/, "")}; here also: ${code}`;
}
