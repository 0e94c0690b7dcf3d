/** Colour for terminals, nothing for everything else. */

import { styleText } from "node:util";
import type { CommandContext, TextOutput } from "./command-context.ts";

/** A look of the command line. */
export type TextStyle = "bold" | "dim" | "red" | "yellow" | "green" | "cyan";

/** Puts text into a style, or leaves it as it is. */
export type StyleText = (style: TextStyle, text: string) => string;

/** Leaves every text as it is. */
export const plainStyle: StyleText = (_, text) => text;

/** Colour only on a terminal, and never where NO_COLOR asks for none. */
export function chooseStyle(output: TextOutput, env: CommandContext["env"]): StyleText {
  const colourful = output.isTTY === true && (env["NO_COLOR"] ?? "") === "";
  // Left to itself, styleText would look at standard output, whichever stream the text is for.
  return colourful ? (style, text) => styleText(style, text, { validateStream: false }) : plainStyle;
}
