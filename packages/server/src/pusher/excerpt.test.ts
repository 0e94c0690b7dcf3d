import { describe, expect, it } from "vitest";
import { excerpt } from "./excerpt.ts";
import { findChannelAuthProblem } from "./signature.ts";

describe("an excerpt of what a stranger sent", () => {
  it("is the text itself while it is short, else its beginning", () => {
    expect(excerpt("a b ü", 5)).toBe("a b ü");
    expect(excerpt("abcdef", 5)).toBe("abcde…");
  });

  it("cannot steer the terminal that shows it", () => {
    expect(excerpt("a\u001b[2J\r\n\u009b0m")).toBe("a\\u001b[2J\\u000d\\u000a\\u009b0m");
  });

  it("is what a refused auth is told by", () => {
    const app = { key: "k", secret: "s" };
    const request = { socketId: "1.1", channel: "private-a", presence: false };
    const auth = `\u001b${"x".repeat(200)}:00`;
    expect(findChannelAuthProblem(app, { ...request, auth }, () => true)).toEqual({
      kind: "key-mismatch",
      key: `\\u001b${"x".repeat(63)}…`,
    });
  });
});
