import { describe, expect, it } from "vitest";
import { maxJsonDepth, parseBoundedJson, parseJsonObject } from "./bounded-json.ts";

function nested(depth: number): string {
  return `${"[".repeat(depth)}${"1,".repeat(300)}1${"]".repeat(depth)}`;
}

describe("bounded JSON", () => {
  it("parses what nests as deep as allowed, and refuses one level more", () => {
    expect(parseBoundedJson(nested(maxJsonDepth)).ok).toBe(true);
    expect(parseBoundedJson(nested(maxJsonDepth + 1))).toEqual({ ok: false, problem: "too-deep" });
  });

  it("does not count brackets inside strings", () => {
    const text = JSON.stringify(`\\"${"[{".repeat(1000)}`);
    expect(parseBoundedJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  it("does not count brackets side by side", () => {
    expect(parseBoundedJson(`[${"[],".repeat(1000)}1]`).ok).toBe(true);
  });

  it("reports text that is not JSON instead of throwing", () => {
    expect(parseBoundedJson("{")).toEqual({ ok: false, problem: "not-json" });
  });

  it("finds objects only", () => {
    expect(parseJsonObject('{"a":1}')).toEqual({ a: 1 });
    for (const text of ["[]", "null", '"{}"', "1", "{"]) expect(parseJsonObject(text)).toBeUndefined();
  });
});
