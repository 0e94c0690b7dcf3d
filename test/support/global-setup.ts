/** Runs once before all tests: finds or installs the programs that some of them need. */
import type { TestProject } from "vitest/node";
import { ensureProgram, type ProgramSearch } from "./debian-program.ts";

declare module "vitest" {
  export interface ProvidedContext {
    chromium: ProgramSearch;
    nginx: ProgramSearch;
    haproxy: ProgramSearch;
    stunnel4: ProgramSearch;
    php: ProgramSearch;
    python3: ProgramSearch;
    redisServer: ProgramSearch;
    natsServer: ProgramSearch;
  }
}

export default function setup(project: TestProject): void {
  project.provide("chromium", ensureProgram("chromium", "chromium"));
  for (const proxy of ["nginx", "haproxy", "stunnel4"] as const) {
    project.provide(proxy, ensureProgram(proxy, proxy));
  }
  project.provide("php", ensureProgram("php", "php-cli"));
  project.provide("python3", ensureProgram("python3", "python3"));
  // Sentinel is the same program, started with --sentinel.
  project.provide("redisServer", ensureProgram("redis-server", "redis-server"));
  project.provide("natsServer", ensureProgram("nats-server", "nats-server"));
}
