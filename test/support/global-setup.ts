/** Runs once before all tests: finds or installs the programs that some of them need. */
import type { TestProject } from "vitest/node";
import { ensureProgram, type ProgramSearch } from "./debian-program.ts";

declare module "vitest" {
  export interface ProvidedContext {
    chromium: ProgramSearch;
    php: ProgramSearch;
    python3: ProgramSearch;
  }
}

export default function setup(project: TestProject): void {
  project.provide("chromium", ensureProgram("chromium", "chromium"));
  project.provide("php", ensureProgram("php", "php-cli"));
  project.provide("python3", ensureProgram("python3", "python3"));
}
