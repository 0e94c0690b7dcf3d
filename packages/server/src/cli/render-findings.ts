/** Renders failures for people: severity and name, what happened, what to do. */

import type { Failure } from "@antiphon/websocket";
import { plainStyle, type StyleText } from "./text-style.ts";

const looks = {
  fatal: { label: "error", style: "red" },
  warning: { label: "warning", style: "yellow" },
  info: { label: "note", style: "cyan" },
} as const;

/** Text with a newline at the end; empty where there is nothing to tell. */
export function renderFindings(failures: readonly Failure[], style: StyleText = plainStyle): string {
  return failures
    .map((failure) => {
      const { label, style: colour } = looks[failure.severity];
      const head = `${style(colour, label.padEnd(7))} ${style("bold", failure.name)}`;
      return `${head}\n        ${failure.message}\n        ${style("dim", failure.fix)}\n`;
    })
    .join("");
}
