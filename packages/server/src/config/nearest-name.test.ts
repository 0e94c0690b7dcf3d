import { describe, expect, it } from "vitest";
import { findNearestName } from "./nearest-name.ts";

describe("the nearest name", () => {
  it.each([
    ["prot", "port"],
    ["Port", "port"],
    ["maxConections", "maxConnections"],
    ["hostnme", "hostname"],
  ])("of %s is %s", (wrong, right) => {
    expect(findNearestName(wrong, ["host", "hostname", "port", "maxConnections"])).toBe(right);
  });

  it("is none where nothing is near", () => {
    expect(findNearestName("completelyDifferent", ["host", "port"])).toBeUndefined();
    expect(findNearestName("x".repeat(10_000), ["x"])).toBeUndefined();
  });
});
