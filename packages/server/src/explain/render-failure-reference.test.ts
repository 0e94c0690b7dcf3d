import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { groupByPhase } from "./list-failures.ts";
import { renderFailureReference } from "./render-failure-reference.ts";

it("docs/reference/failures.md is what the catalogues say (npm run build && node scripts/generate-docs.mjs)", () => {
  const page = new URL("../../../../docs/reference/failures.md", import.meta.url);
  expect(readFileSync(page, "utf8")).toBe(renderFailureReference());
});

it("the reference has a heading in words for every phase", () => {
  const page = renderFailureReference();
  for (const phase of groupByPhase().keys()) expect(page).not.toContain(`\n## ${phase}\n`);
});
