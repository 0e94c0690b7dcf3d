import { describe, expect, it } from "vitest";
import { type FileAccess, readConfigFile } from "./config-file.ts";

function access(overrides: Partial<FileAccess>): FileAccess {
  return {
    cwd: "/srv",
    readFile: () => Promise.resolve("{}"),
    importModule: () => Promise.resolve({}),
    ...overrides,
  };
}

const failWith = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
const importEmptyConfig = () => Promise.resolve({ default: {} });

async function readName(file: string, overrides: Partial<FileAccess> = {}): Promise<string> {
  const result = await readConfigFile(file, access(overrides));
  return result.ok ? "ok" : result.problem.name;
}

describe("a configuration file", () => {
  it("in JSON is read from the working directory", async () => {
    const files: string[] = [];
    const readFile = (file: string) => {
      files.push(file);
      return Promise.resolve('\uFEFF{"log":{}}');
    };
    expect(await readConfigFile("a/b.json", access({ readFile }))).toEqual({ ok: true, value: { log: {} } });
    expect(files).toEqual(["/srv/a/b.json"]);
  });

  it("in JavaScript gives its default export, and is imported anew each time", async () => {
    const urls: string[] = [];
    const importModule = (url: string) => {
      urls.push(url);
      return Promise.resolve({ default: Promise.resolve({ server: {} }) });
    };
    const files = access({ importModule });
    expect(await readConfigFile("antiphon.mjs", files)).toEqual({ ok: true, value: { server: {} } });
    await readConfigFile("antiphon.mjs", files);
    expect(urls[0]).toMatch(/^file:\/\/\/srv\/antiphon\.mjs\?load=\d+$/);
    expect(urls[1]).not.toBe(urls[0]);
  });

  it("that does not exist or cannot be read is named so", async () => {
    expect(await readName("a.json", { readFile: failWith("ENOENT") })).toBe("config-file-not-found");
    expect(await readName("a.json", { readFile: failWith("EACCES") })).toBe("config-file-unreadable");
  });

  it.each([
    ["a.json", "{"],
    ["a.json", "[]"],
    ["a.json", "null"],
    ["a.yaml", "server:"],
    ["a", "{}"],
  ])("%s with %s is refused", async (file, text) => {
    expect(await readName(file, { readFile: () => Promise.resolve(text) })).toBe("config-file-invalid");
  });

  it("whose module throws or exports nothing is refused", async () => {
    expect(await readName("a.mjs", { importModule: () => Promise.reject(new Error("boom")) })).toBe(
      "config-file-invalid",
    );
    expect(await readName("a.mjs")).toBe("config-file-invalid");
  });

  it("in TypeScript is read where Node can, and otherwise refused by name", async () => {
    const canRun = Boolean((process.features as { typescript?: unknown }).typescript);
    expect(await readName("a.ts", { importModule: importEmptyConfig })).toBe(
      canRun ? "ok" : "config-file-typescript-unsupported",
    );
  });
});
