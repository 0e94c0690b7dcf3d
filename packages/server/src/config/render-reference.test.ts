import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { renderConfigReference } from "./render-reference.ts";

it("docs/reference/configuration.md is what the schema says (npm run build && node scripts/generate-docs.mjs)", () => {
  const page = new URL("../../../../docs/reference/configuration.md", import.meta.url);
  expect(readFileSync(page, "utf8")).toBe(renderConfigReference());
});
