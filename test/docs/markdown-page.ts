/**
 * A page of the documentation as its readers use it: code blocks to copy, commands with what they print, and names of settings.
 * Tests take them from the page, so that the page cannot say anything else.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";
import { findSettingByPath, settings } from "../../packages/server/src/config/setting-index.ts";

const root = new URL("../../", import.meta.url);

/** A page below `docs/`, or any other Markdown file of the repository. */
export class MarkdownPage {
  readonly text: string;

  /** @param path from the root of the repository. */
  constructor(path: string) {
    this.text = readFileSync(new URL(path, root), "utf8");
  }

  /** The blocks of a language, in their order. */
  blocks(language: string): readonly string[] {
    return [...this.text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
      .filter(([, name]) => name === language)
      .map(([, , code = ""]) => code);
  }

  /** The one block of a language that holds this text. */
  block(language: string, text = ""): string {
    const found = this.blocks(language).filter((code) => code.includes(text));
    if (found.length !== 1)
      throw new Error(`${found.length} ${language} blocks hold ${JSON.stringify(text)}`);
    return found[0] ?? "";
  }

  /** What the page says that a command prints; the command without its prompt. */
  outputOf(command: string): string {
    const lines = this.blocks("console").join("").split("\n");
    const start = lines.indexOf(`$ ${command}`);
    if (start < 0) throw new Error(`the page does not run ${command}`);
    const output: string[] = [];
    for (const line of lines.slice(start + 1)) {
      if (line.startsWith("$ ") || line === "") break;
      output.push(line);
    }
    return output.map((line) => `${line}\n`).join("");
  }

  /** The names in code style that look like settings, and are none. */
  unknownSettings(): string[] {
    const sections = new Set(settings.map(({ segments }) => segments[segments[0] === "apps" ? 2 : 0]));
    return [...this.text.matchAll(/`([a-z]+(?:\[\])?(?:\.[a-zA-Z]+)+)`/g)]
      .map(([, name = ""]) => name)
      .filter((name) => sections.has(name.split(/[.[]/, 1)[0]))
      .filter((name) => !isSetting(name));
  }
}

/** Settings of an app are written without the app. */
function isSetting(name: string): boolean {
  const path = name.split(".").flatMap((part) => (part.endsWith("[]") ? [part.slice(0, -2), 0] : [part]));
  return findSettingByPath(path) !== undefined || findSettingByPath(["apps", 0, ...path]) !== undefined;
}

/** A folder with these files; {@link removeFolder} ends it. */
export async function createFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "antiphon-docs-"));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true });

let modules = 0;

/** Runs a block as a module, inside the repository so that it finds its packages; gives what it exports. */
export async function runModule<Exports>(
  code: string,
  replacements: Readonly<Record<string, string>> = {},
): Promise<Exports> {
  let text = code;
  for (const [from, to] of Object.entries(replacements)) {
    expect(text, from).toContain(from);
    text = text.replaceAll(from, to);
  }
  const folder = fileURLToPath(new URL(".cache/docs/", root));
  mkdirSync(folder, { recursive: true });
  modules += 1;
  const file = join(folder, `block-${process.pid}-${modules}.mjs`);
  writeFileSync(file, text);
  onTestFinished(() => rm(file));
  return (await import(file)) as Exports;
}
