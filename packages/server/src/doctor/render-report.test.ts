import { describe, expect, it } from "vitest";
import { renderCheck, renderConclusion } from "./render-report.ts";

describe("a line of the report", () => {
  it("has a mark, the step, the time and the text in columns", () => {
    const lines = [
      renderCheck({ step: "dns", verdict: "passed", text: "a", ms: 1.234 }),
      renderCheck({ step: "masking", verdict: "failed", text: "b", ms: 9999.94 }),
      renderCheck({ step: "tls", verdict: "warning", text: "c" }),
      renderCheck({ step: "http", verdict: "note", text: "d" }),
    ];
    expect(lines).toEqual([
      "  ✓ DNS        1.2 ms  a\n",
      "  ✗ masking 9999.9 ms  b\n",
      "  ! TLS                c\n",
      "  · HTTP               d\n",
    ]);
  });

  it("is coloured only where a style is given", () => {
    const style = (look: string, text: string): string => `<${look}>${text}</>`;
    expect(renderCheck({ step: "dns", verdict: "passed", text: "a" }, style)).toContain("<green>✓</>");
    expect(renderConclusion({ works: true, sentence: "It works: fine." }, style)).toBe(
      "\n<green><bold>It works</></>: fine.\n",
    );
  });
});
