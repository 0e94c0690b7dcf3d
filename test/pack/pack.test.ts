/** The packages as npm would publish them: packed, installed into an empty folder, imported by every export, and run. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const names = ["websocket", "server"] as const;

interface Manifest {
  readonly name: string;
  readonly exports: Record<string, unknown>;
}

const folderOf = (name: string): string => fileURLToPath(new URL(`../../packages/${name}/`, import.meta.url));

async function readManifest(name: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folderOf(name), "package.json"), "utf8")) as Manifest;
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "antiphon-pack-"));
  const tarballs: string[] = [];
  for (const name of names) {
    const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], {
      cwd: folderOf(name),
    });
    tarballs.push(`./${stdout.trim()}`);
  }
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...tarballs], { cwd: folder });
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(names)("packages/%s", (name) => {
  it("has nothing that publint objects to", async () => {
    const { messages, pkg } = await publint({ pkgDir: folderOf(name), level: "warning" });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it("can be imported by every export", async () => {
    const { name: packageName, exports } = await readManifest(name);
    const modules = Object.keys(exports)
      .filter((path) => path !== "./package.json")
      .map((path) => join(packageName, path));
    const script = modules.map((module) => `await import(${JSON.stringify(module)});`).join("\n");
    await writeFile(join(folder, "imports.mjs"), `${script}\nconsole.log("imported");`);
    const { stdout } = await run(process.execPath, ["imports.mjs"], { cwd: folder });
    expect(stdout.trim()).toBe("imported");
  });

  it("carries no tests and no build state", async () => {
    const { name: packageName } = await readManifest(name);
    const { stdout } = await run("find", [join("node_modules", packageName), "-type", "f"], { cwd: folder });
    expect(stdout.split("\n").filter((file) => /\.test\.|\.tsbuildinfo$|\/src\//.test(file))).toEqual([]);
  });
});

describe("the antiphon command", () => {
  it("runs from an empty folder", async () => {
    const { stdout } = await run(join(folder, "node_modules", ".bin", "antiphon"), ["--help"], {
      cwd: folder,
    });
    expect(stdout).toContain("Usage: antiphon");
    expect(stdout).toContain("start");
  });
});
