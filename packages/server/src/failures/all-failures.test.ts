import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allFailures, catalogues } from "./all-failures.ts";
import { failureAliases } from "./failure-aliases.ts";

const folder = new URL("./", import.meta.url);
const catalogueFiles = readdirSync(folder).filter(
  (file) => file.endsWith("-failures.ts") && file !== "all-failures.ts",
);
const committedFile = new URL("../../../../conformance/failure-names.json", import.meta.url);
const committed = JSON.parse(readFileSync(committedFile, "utf8")) as string[];

describe("the catalogues", () => {
  it.each(catalogueFiles)("hold what %s defines", async (file) => {
    const exported = Object.values((await import(new URL(file, folder).href)) as Record<string, unknown>);
    const found = exported.filter((value) => catalogues.some((catalogue) => catalogue === value));
    expect(found).not.toEqual([]);
  });

  it("give each name to one failure", () => {
    const names = catalogues.flatMap(({ definitions }) => Object.keys(definitions));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(allFailures.size).toBe(names.length);
  });

  it("have lost none of the names in conformance/failure-names.json: names are for ever", () => {
    expect(committed.filter((name) => !allFailures.has(name))).toEqual([]);
  });

  it("have no name that conformance/failure-names.json lacks (npm run build && node scripts/generate-docs.mjs)", () => {
    const known = new Set(committed);
    expect([...allFailures.keys()].filter((name) => !known.has(name))).toEqual([]);
    expect(committed).toEqual(committed.toSorted());
  });

  it("have aliases for names that exist, and none that is a name itself", () => {
    for (const [alias, name] of failureAliases) {
      expect(allFailures.has(name)).toBe(true);
      expect(allFailures.has(alias)).toBe(false);
    }
  });
});

describe.each([...allFailures])("%s", (name, definition) => {
  it("has a phase, a fault, a rule and a fix in a sentence", () => {
    expect(name).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)+$/);
    expect(definition.phase).toMatch(/^[a-z0-9-]+$/);
    expect(definition.faults.length).toBeGreaterThan(0);
    expect(definition.spec).not.toBe("");
    expect(definition.fix).toMatch(/^\S.*\.$/);
  });
});
