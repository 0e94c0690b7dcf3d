/** An explanation as text for people. */
import type { StyleText } from "../cli/text-style.ts";
import { describeFault, describeRetry } from "../failures/fault-text.ts";
import type { CloseCodeExplanation } from "./close-code.ts";
import type { Explanation, MessageExplanation, NameExplanation } from "./explain.ts";
import type { FailureText } from "./failure-text.ts";
import type { StatusExplanation } from "./handshake-status.ts";

type Lines = readonly string[];

/** Text with a newline at the end; empty for what is not known, which is a failure of the command. */
export function renderExplanation(explanation: Explanation, style: StyleText): string {
  const lines = renderLines(explanation, style);
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function renderLines(explanation: Explanation, style: StyleText): Lines {
  switch (explanation.kind) {
    case "failure":
      return renderName(explanation, style);
    case "close-code":
      return renderCloseCode(explanation, style);
    case "http-status":
      return renderStatus(explanation, style);
    case "message":
      return renderMessage(explanation, style);
    default:
      return [];
  }
}

function renderName({ failure, alias }: NameExplanation, style: StyleText): Lines {
  const called = alias === undefined ? [] : [style("dim", `${alias} is called ${failure.name} here.`), ""];
  return [...called, ...renderFailure(failure, style)];
}

/** Everything that the catalogue says. */
function renderFailure(failure: FailureText, style: StyleText): Lines {
  const answers = [
    ...(failure.httpStatus === undefined ? [] : [`HTTP ${failure.httpStatus}`]),
    ...(failure.closeCode === undefined ? [] : [`close code ${failure.closeCode}`]),
  ];
  const facts: [string, string][] = [
    ["fix", failure.fix],
    ["fault", describeFault(failure)],
    ["spec", failure.spec],
    ["phase", `${failure.phase}, ${failure.severity}`],
    ...(answers.length === 0 ? [] : ([["answered", answers.join(", ")]] satisfies [string, string][])),
    ["retry", describeRetry(failure.retry)],
  ];
  return [
    style("bold", failure.name),
    `  ${failure.message}`,
    ...facts.map(([label, text]) => `  ${style("dim", label.padEnd(8))}  ${text}`),
  ];
}

/** What it is and what to do, where several are listed. */
function renderBriefly(failure: FailureText, style: StyleText, indent = "  "): Lines {
  return [
    `${indent}${style("bold", failure.name)}: ${describeFault(failure)}`,
    `${indent}  ${failure.message}`,
    `${indent}  ${style("dim", "fix")}  ${failure.fix}`,
  ];
}

function renderList(title: string, failures: readonly FailureText[], style: StyleText): Lines {
  if (failures.length === 0) return [];
  return ["", title, ...failures.flatMap((failure) => renderBriefly(failure, style))];
}

/** Where there are many: `antiphon explain NAME` has the rest. */
function renderNames(title: string, failures: readonly FailureText[], style: StyleText): Lines {
  if (failures.length === 0) return [];
  const width = Math.max(...failures.map(({ name }) => name.length));
  return [
    "",
    title,
    ...failures.map(({ name, message }) => `  ${style("bold", name.padEnd(width))}  ${message}`),
  ];
}

function renderCloseCode(explanation: CloseCodeExplanation, style: StyleText): Lines {
  const { code, name, meaning, received, sentFor, pusherJs, steps } = explanation;
  const lines = [`${style("bold", `close code ${code}`)}: ${name}`, `  ${meaning}`];
  if (pusherJs !== undefined) lines.push(`  pusher-js ${pusherJs}.`);
  lines.push(...renderList("Who receives it:", received ? [received] : [], style));
  if (steps.length > 0) {
    lines.push("", "What is behind it; the first question that is answered with yes names the cause:");
    for (const [index, { question, failures }] of steps.entries()) {
      lines.push("", `${String(index + 1).padStart(2)}. ${question}`);
      lines.push(...failures.flatMap((failure) => renderBriefly(failure, style, "    ")));
    }
  }
  return [...lines, ...renderNames("Antiphon closes with it for:", sentFor, style)];
}

function renderStatus(explanation: StatusExplanation, style: StyleText): Lines {
  const { status, received, handshakeRefusals, apiRefusals } = explanation;
  const meaning = received === undefined ? "the handshake succeeded" : "the handshake was refused";
  return [
    `${style("bold", `HTTP ${status}`)}: ${meaning}`,
    ...renderList("The client sees:", received ? [received] : [], style),
    ...renderNames("Antiphon refuses handshakes with it for:", handshakeRefusals, style),
    ...renderNames("Antiphon's HTTP API answers it for:", apiRefusals, style),
  ];
}

function renderMessage({ matches, seeAlso }: MessageExplanation, style: StyleText): Lines {
  const blocks = matches.map(({ fragment, tools, failures }) => {
    const order = failures.length > 1 ? ", most likely first" : "";
    return [
      `${style("cyan", JSON.stringify(fragment))} (${tools})${order}:`,
      ...failures.flatMap((failure) => renderBriefly(failure, style)),
    ];
  });
  const further = seeAlso.map((number) => `See also: antiphon explain ${number}`);
  return [
    ...blocks.flatMap((block, index) => (index === 0 ? block : ["", ...block])),
    ...(further.length > 0 ? ["", ...further] : []),
  ];
}
