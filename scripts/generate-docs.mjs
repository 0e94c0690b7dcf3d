// Writes the generated pages of docs/reference, and the list of failure names, from the compiled code. Run after `npm run build`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { renderConfigReference } from "../packages/server/dist/config/render-reference.js";
import {
  renderFailureNames,
  renderFailureReference,
} from "../packages/server/dist/explain/render-failure-reference.js";

const reference = new URL("../docs/reference/", import.meta.url);

const pages = {
  "configuration.md": renderConfigReference,
  "failures.md": renderFailureReference,
  "../../conformance/failure-names.json": () => renderFailureNames(readFailureNames()),
};

function readFailureNames() {
  return JSON.parse(readFileSync(new URL("../conformance/failure-names.json", import.meta.url), "utf8"));
}

mkdirSync(reference, { recursive: true });
for (const [name, render] of Object.entries(pages)) {
  const file = new URL(name, reference);
  writeFileSync(file, render());
  console.log(`wrote ${fileURLToPath(file)}`);
}
