import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { engineFailures } from "./engine-failures.ts";

const folder = new URL("./", import.meta.url);
const files = readdirSync(folder).filter(
  (file) => file.endsWith("-failures.ts") && file !== "engine-failures.ts",
);

describe("the engine's catalogue", () => {
  // Spread together, an entry with the name of another would replace it without a word.
  it.each(files)("holds the very entries of %s", async (file) => {
    const groups = Object.values((await import(new URL(file, folder).href)) as Record<string, object>);
    const entries = groups.flatMap((group) => Object.entries(group));
    expect(entries.length).toBeGreaterThan(0);
    const definitions: Readonly<Record<string, unknown>> = engineFailures.definitions;
    expect(entries.filter(([name, entry]) => definitions[name] !== entry).map(([name]) => name)).toEqual([]);
  });
});
