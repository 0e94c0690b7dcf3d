/** Runs once before all tests: finds or installs the programs that some of them need. */
import type { TestProject } from "vitest/node";
import { ensureProgram, type ProgramSearch } from "./debian-program.ts";

declare module "vitest" {
  export interface ProvidedContext {
    chromium: ProgramSearch;
  }
}

export default function setup(project: TestProject): void {
  project.provide("chromium", ensureProgram("chromium", "chromium"));
}
