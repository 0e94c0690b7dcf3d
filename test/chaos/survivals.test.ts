/** The page about what a cluster survives says what the tests beside this one assert, and each of its lines is asserted. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { renderSurvivals } from "./render-survivals.ts";
import { type Survival, survivals } from "./survivals.ts";

const rows: [string, Survival][] = Object.entries(survivals);

describe("the page about what a cluster survives", () => {
  it("is made from the table (vitest -u writes it anew)", async () => {
    await expect(renderSurvivals(survivals)).toMatchFileSnapshot(
      "../../docs/explanation/what-a-cluster-survives.md",
    );
  });

  it.each(rows)(
    "has a test of its own for %s, which asserts all of its bounds",
    async (name, { file, bounds }) => {
      const source = await readFile(new URL(file, import.meta.url), "utf8");
      expect(source).toMatch(new RegExp(`\\bit(\\.each\\([^]*?\\])?\\(?[^;]*survivals\\.${name}\\.title`));
      expect(source).toContain(`survivals.${name}.bounds`);
      for (const bound of Object.keys(bounds))
        expect(source).toMatch(new RegExp(`toBeLessThan\\([^;]*\\b${bound}\\b`));
    },
  );
});
