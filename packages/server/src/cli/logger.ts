/**
 * The log of the running server: JSON for programs, one line of text for people at a terminal. Secrets are hidden
 * whatever is logged.
 */

import { type Logger, type LoggerOptions, pino, stdTimeFunctions } from "pino";
import type { Settings } from "../config/schema.ts";
import type { TextOutput } from "./command-context.ts";
import { escapeUnsafe } from "./safe-text.ts";
import { chooseStyle, type StyleText, type TextStyle } from "./text-style.ts";

const secretKeys = ["secret", "previousSecret", "passphrase", "authorization", "auth_signature", "password"];

const redact = {
  paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
  censor: "[hidden]",
};

const levelLooks: Readonly<Record<string, readonly [label: string, style: TextStyle]>> = {
  trace: ["TRACE", "dim"],
  debug: ["DEBUG", "dim"],
  info: ["INFO ", "green"],
  warn: ["WARN ", "yellow"],
  error: ["ERROR", "red"],
  fatal: ["FATAL", "red"],
};

const shownFirst = new Set(["level", "time", "msg", "err"]);

function formatField(value: unknown): string {
  const text = typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : (JSON.stringify(value) ?? "");
  return escapeUnsafe(text);
}

/** Turns one JSON entry into `12:34:56 WARN  message key=value`. */
export function formatLogLine(json: string, style: StyleText): string {
  const entry = JSON.parse(json) as Record<string, unknown>;
  const [label, colour] = levelLooks[String(entry["level"])] ?? levelLooks["info"] ?? ["INFO ", "green"];
  const clock = String(entry["time"]).slice(11, 19);
  const fields = Object.entries(entry)
    .filter(([key]) => !shownFirst.has(key))
    .map(([key, value]) => ` ${style("dim", `${key}=`)}${formatField(value)}`)
    .join("");
  const stack = (entry["err"] as { stack?: string } | undefined)?.stack;
  const trace = stack === undefined ? "" : `\n${stack.split("\n").map(escapeUnsafe).join("\n")}`;
  // What a stranger sent may be quoted in it, and must not move the cursor of whoever reads.
  const message = typeof entry["msg"] === "string" ? escapeUnsafe(entry["msg"]) : "";
  return `${style("dim", clock)} ${style(colour, label)} ${message}${fields}${trace}\n`;
}

/** Makes the logger; `auto` is text on a terminal and JSON elsewhere. */
export function createLogger(
  settings: Settings["log"],
  output: TextOutput,
  env: Readonly<Record<string, string | undefined>>,
): Logger {
  const options: LoggerOptions = {
    level: settings.level,
    base: null,
    redact,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  const isText = settings.format === "text" || (settings.format === "auto" && output.isTTY === true);
  if (!isText) return pino(options, { write: (json: string) => void output.write(json) });
  const style = chooseStyle(output, env);
  return pino(options, { write: (json: string) => void output.write(formatLogLine(json, style)) });
}
