/** Reads files: the configuration file (JSON, or the default export of a module) and a `.env` file. */

import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseEnv } from "node:util";
import type { Failure } from "@antiphon/websocket";
import { configFailures } from "../failures/config-failures.ts";
import type { Environment } from "./environment.ts";

/** How files are read; tests give their own. */
export interface FileAccess {
  readonly cwd: string;
  /** Rejects with a system error, as `readFile` of `node:fs/promises` does. */
  readonly readFile: (file: string) => Promise<string>;
  readonly importModule: (url: string) => Promise<unknown>;
}

/** The content, or why there is none. */
export type FileResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Failure };

const moduleExtensions = new Set([".js", ".mjs", ".ts", ".mts"]);

/** Whether this Node runs TypeScript by itself. */
function runsTypeScript(): boolean {
  // Newer than the Node types in use.
  return Boolean((process.features as { typescript?: unknown }).typescript);
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function refuse(file: string, reason: string): { ok: false; problem: Failure } {
  return { ok: false, problem: configFailures.create("config-file-invalid", { file, reason }) };
}

/** Reads a text file; `origin` says who named it. */
export async function readTextFile(
  file: string,
  origin: string,
  access: FileAccess,
): Promise<FileResult<string>> {
  try {
    return { ok: true, value: await access.readFile(resolve(access.cwd, file)) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const problem =
      code === "ENOENT"
        ? configFailures.create("config-file-not-found", { file, origin })
        : configFailures.create("config-file-unreadable", { file, origin, reason: describeError(error) });
    return { ok: false, problem };
  }
}

let imports = 0;

async function importConfig(file: string, access: FileAccess): Promise<FileResult<unknown>> {
  const extension = extname(file);
  if (extension.endsWith("ts") && !runsTypeScript()) {
    const evidence = { file, node: process.versions.node };
    return { ok: false, problem: configFailures.create("config-file-typescript-unsupported", evidence) };
  }
  // Modules are cached by URL; a number of its own makes every reload read the file again.
  imports += 1;
  const url = `${pathToFileURL(resolve(access.cwd, file)).href}?load=${imports}`;
  try {
    const module = (await access.importModule(url)) as { default?: unknown };
    if (module.default === undefined) return refuse(file, "it has no default export");
    return { ok: true, value: await Promise.resolve(module.default) };
  } catch (error) {
    return refuse(file, describeError(error));
  }
}

function parseJson(file: string, text: string): FileResult<unknown> {
  try {
    return { ok: true, value: JSON.parse(text.replace(/^\uFEFF/, "")) as unknown };
  } catch (error) {
    // The message of the engine quotes the text around the mistake, which may be a secret.
    const position = /position \d+(?: \(line \d+ column \d+\))?/.exec(describeError(error))?.[0];
    return refuse(file, `it is not valid JSON${position === undefined ? "" : ` at ${position}`}`);
  }
}

/** Reads a configuration file to the object in it; the schema is not applied yet. */
export async function readConfigFile(
  file: string,
  access: FileAccess,
): Promise<FileResult<Readonly<Record<string, unknown>>>> {
  const text = await readTextFile(file, "flag --config", access);
  if (!text.ok) return text;
  const extension = extname(file);
  if (extension !== ".json" && !moduleExtensions.has(extension))
    return refuse(file, `${extension || "no extension"} is not a known type`);
  const parsed = extension === ".json" ? parseJson(file, text.value) : await importConfig(file, access);
  if (!parsed.ok) return parsed;
  if (typeof parsed.value !== "object" || parsed.value === null || Array.isArray(parsed.value)) {
    return refuse(file, "it does not hold an object");
  }
  // An object that is neither null nor a list has names for keys.
  return { ok: true, value: parsed.value as Readonly<Record<string, unknown>> };
}

/** Reads a `.env` file as Laravel projects have one. */
export async function readEnvFile(file: string, access: FileAccess): Promise<FileResult<Environment>> {
  const text = await readTextFile(file, "flag --env-file", access);
  if (!text.ok) return text;
  return { ok: true, value: expandVariables(parseEnv(text.value)) };
}

/** Replaces `${NAME}`, which Laravel's `.env` files use for variables of the same file. */
function expandVariables(variables: Record<string, string | undefined>): Environment {
  return Object.fromEntries(
    Object.entries(variables).map(([name, text]) => [
      name,
      text?.replace(/\$\{(\w+)\}/g, (whole, inner: string) =>
        Object.hasOwn(variables, inner) ? (variables[inner] ?? whole) : whole,
      ),
    ]),
  );
}
