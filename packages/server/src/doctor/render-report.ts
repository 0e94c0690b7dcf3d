/** Checks and the conclusion as lines of a terminal: a mark, the step, how long it took, what was seen. */
import { plainStyle, type StyleText, type TextStyle } from "../cli/text-style.ts";
import type { Check, Conclusion, Step, Verdict } from "./report.ts";

const marks: Readonly<Record<Verdict, { readonly mark: string; readonly style: TextStyle }>> = {
  passed: { mark: "✓", style: "green" },
  failed: { mark: "✗", style: "red" },
  warning: { mark: "!", style: "yellow" },
  note: { mark: "·", style: "dim" },
};

const labels: Readonly<Record<Step, string>> = {
  url: "URL",
  dns: "DNS",
  tcp: "TCP",
  proxy: "proxy",
  tls: "TLS",
  http: "HTTP",
  "101": "101",
  frames: "frames",
  pusher: "Pusher",
  ping: "ping",
  idle: "idle",
  close: "close",
  masking: "masking",
};

const labelWidth = Math.max(...Object.values(labels).map(({ length }) => length));
const timeWidth = "9999.9 ms".length;

/** One line with its newline. */
export function renderCheck({ step, verdict, text, ms }: Check, style: StyleText = plainStyle): string {
  const { mark, style: colour } = marks[verdict];
  const time = (ms === undefined ? "" : `${ms.toFixed(1)} ms`).padStart(timeWidth);
  const shown = verdict === "note" ? style("dim", text) : text;
  return `  ${style(colour, mark)} ${labels[step].padEnd(labelWidth)} ${style("dim", time)}  ${shown}\n`;
}

/** An empty line and the sentence. */
export function renderConclusion(
  { works, sentence, failure }: Conclusion,
  style: StyleText = plainStyle,
): string {
  const colour = works ? (failure ? "yellow" : "green") : "red";
  const verdict = /^It (?:works|does not work)/.exec(sentence)?.[0] ?? "";
  return `\n${style(colour, style("bold", verdict))}${sentence.slice(verdict.length)}\n`;
}
