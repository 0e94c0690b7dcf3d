/** Every line of docs/explanation/conformance.md names tests that exist. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/explanation/conformance.md", root), "utf8");

const reference = /`([^`]+\.test\.ts)` “([^”]+)”/g;

const lines = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (?:What|---) /.test(line))
  .map((line) => {
    const [what = "", evidence = ""] = line.slice(2, -2).split(" | ");
    return { what, evidence };
  });

const sources = new Map<string, string>();

function readSource(file: string): string {
  let source = sources.get(file);
  if (source === undefined) {
    source = readFileSync(fileURLToPath(new URL(file, root)), "utf8");
    sources.set(file, source);
  }
  return source;
}

describe("the conformance page", () => {
  it("has the lines of every part", () => {
    expect(lines.length).toBeGreaterThan(60);
  });

  it.each(lines)("shows: $what", ({ evidence }) => {
    if (evidence.startsWith("with the cluster")) return;
    const tests = [...evidence.matchAll(reference)];
    expect(tests.length).toBeGreaterThan(0);
    for (const [, file = "", title = ""] of tests) {
      // A title stands in quotes in the source, whichever they are there.
      expect(readSource(file), file).toContain(title);
    }
  });
});
