import { describe, expect, it } from "vitest";
import { createLogger } from "./logger.ts";

function collect(isTTY: boolean): {
  lines: string[];
  output: { isTTY: boolean; write: (text: string) => void };
} {
  const lines: string[] = [];
  return { lines, output: { isTTY, write: (text) => void lines.push(text) } };
}

describe("the log", () => {
  it("is JSON where nobody sits at a terminal", () => {
    const { lines, output } = collect(false);
    createLogger({ level: "info", format: "auto" }, output, {}).info(
      { failure: "frame-not-masked" },
      "closed",
    );
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      failure: "frame-not-masked",
      msg: "closed",
    });
  });

  it("is one line of text at a terminal, without colour under NO_COLOR", () => {
    const { lines, output } = collect(true);
    const logger = createLogger({ level: "info", format: "auto" }, output, { NO_COLOR: "1" });
    logger.warn({ failure: "a-b", text: "two words", count: 3 }, "something happened");
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d WARN {2}something happened failure=a-b text="two words" count=3\n$/,
    );
  });

  it("writes out what would move the cursor of a terminal", () => {
    const { lines, output } = collect(false);
    const logger = createLogger({ level: "info", format: "text" }, output, {});
    logger.info({ key: "a\u001b[2J" }, "no app has the key \u001b[31mred\nnext line");
    expect(lines[0]).toContain("no app has the key \\x1b[31mred\\nnext line key=");
    expect(lines[0]?.trimEnd()).toMatch(/^[\x20-\x7e]+$/);
  });

  it("shows the stack of an error below its line", () => {
    const { lines, output } = collect(false);
    createLogger({ level: "info", format: "text" }, output, {}).error({ err: new Error("boom") }, "failed");
    expect(lines[0]).toMatch(/ERROR failed\nError: boom\n/);
  });

  it("leaves out what is less severe than its level", () => {
    const { lines, output } = collect(false);
    createLogger({ level: "warn", format: "json" }, output, {}).info("quiet");
    expect(lines).toEqual([]);
  });

  it("hides secrets, also inside of objects", () => {
    const { lines, output } = collect(false);
    const logger = createLogger({ level: "info", format: "auto" }, output, {});
    logger.info(
      { secret: "hush", app: { secret: "hush" }, request: { headers: { authorization: "hush" } } },
      "entry",
    );
    expect(lines[0]).not.toContain("hush");
    expect(lines[0]).toContain("[hidden]");
  });
});
