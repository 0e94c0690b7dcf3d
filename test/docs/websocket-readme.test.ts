/** Runs every JavaScript block of the engine's README and compares what it prints with the comments beside the calls. */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

const readme = new URL("../../packages/websocket/README.md", import.meta.url);
// Inside the repository, so that the blocks resolve the package as its users do.
const folder = new URL("../../.cache/readme/", import.meta.url);

const text = await readFile(readme, "utf8");
const blocks = [...text.matchAll(/^## (.+)$|^```js\n([\s\S]*?)^```$/gm)].reduce<
  { title: string; code: string }[]
>((found, [, title, code]) => {
  if (title !== undefined) found.push({ title, code: "" });
  else found.at(-1)!.code += code;
  return found;
}, []);

/** What the comments behind `console.log` promise, in order. */
function promisedLines(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\);? \/\/ (.+)$/gm)].map(([, line]) => line!);
}

describe("packages/websocket/README.md", () => {
  beforeAll(() => mkdir(folder, { recursive: true }));

  it.each(blocks.filter(({ code }) => code !== ""))("$title", async ({ title, code }) => {
    const file = new URL(`${title.toLowerCase().replaceAll(/\W+/g, "-")}.mjs`, folder);
    await writeFile(file, code);
    const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(file)], {
      timeout: 15_000,
    });
    const promised = promisedLines(code);
    expect(promised.length).toBeGreaterThan(0);
    const printed = stdout.trim().split("\n");
    for (const line of promised) expect(printed).toContain(line);
  });
});
