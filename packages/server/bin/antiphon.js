#!/usr/bin/env node
// Committed, so that npm can link it before the first build; the command itself is compiled to dist/.
import { existsSync } from "node:fs";

const main = new URL("../dist/cli/main.js", import.meta.url);
if (!existsSync(main)) {
  process.stderr.write("antiphon: this checkout is not built yet. Run `npm run build` first.\n");
  process.exit(3);
}
await import(main.href);
