import { describe, expect, it } from "vitest";
import { loadConfig } from "./load-config.ts";

describe("server.workers", () => {
  it.each([
    [{}, 1],
    [{ "--workers": "4" }, 4],
    [{ "--workers": "auto" }, "auto"],
  ] as const)("of the flags %j is %s", async (flags, expected) => {
    const result = await loadConfig({ env: {}, flags });
    expect(result.ok && result.config.server.workers).toBe(expected);
  });

  it.each(["0", "257", "1.5", "all"])("cannot be %s, and says what it can be", async (text) => {
    const result = await loadConfig({ env: { ANTIPHON_SERVER_WORKERS: text } });
    const problems = result.ok ? [] : result.problems;
    expect(problems.map(({ name }) => name)).toEqual(["config-value-invalid"]);
    expect(problems[0]?.message).toContain("a whole number from 1 to 256, or auto");
  });
});
