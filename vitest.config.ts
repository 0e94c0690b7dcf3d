import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    // Tests that start many processes share two cores with each other in CI; one that only ran out of time there gets
    // another try. A defect fails every time.
    retry: process.env["CI"] === "true" ? 2 : 0,
  },
});
