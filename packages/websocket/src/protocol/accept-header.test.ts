import { describe, expect, it } from "vitest";
import { prefersJson } from "./accept-header.ts";

describe("preference for JSON (RFC 9110 §12.5.1)", () => {
  it.each([
    ["application/json", true],
    ["application/json, text/plain;q=0.9", true],
    ["text/html, Application/JSON ; Q=0.8, */*;q=0.1", true],
    ["application/*", true],
    ["text/plain;q=0.1, */*", true],
  ])("%s is JSON", (accept, expected) => {
    expect(prefersJson(accept)).toBe(expected);
  });

  it.each([
    undefined,
    "",
    "*/*",
    "text/html",
    "application/json, text/plain",
    "application/json;q=0",
    "application/json;q=0.5, text/*",
    "application/json;q=x",
  ])("%s is plain text", (accept) => {
    expect(prefersJson(accept)).toBe(false);
  });
});
