import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOriginAllowed } from "./origin.ts";

describe("allowed origins", () => {
  it.each([
    ["https://example.com", "*"],
    ["null", "*"],
    ["null", "null"],
    ["https://example.com", "example.com"],
    ["https://example.com:8443", "example.com"],
    ["HTTPS://Example.COM", "example.com"],
    ["https://example.com", "EXAMPLE.com"],
    ["https://a.example.com", "*.example.com"],
    ["https://a.b.example.com", "*.example.com"],
    ["https://app-1.example.com", "app-*.example.com"],
    ["https://example.com:8443", "example.com:8443"],
    ["https://example.com", "example.com:443"],
    ["https://example.com", "https://example.com"],
    ["https://example.com", "https://example.com/"],
    ["https://example.com", "https://example.com:443"],
    ["http://localhost:3000", "http://localhost:3000"],
    ["http://localhost:3000", "http://localhost:*"],
    ["http://localhost:3000", "localhost:*"],
    ["https://a.example.com", "https://*.example.com"],
    ["https://example.com", "*://example.com"],
    ["capacitor://localhost", "capacitor://localhost"],
    ["http://[::1]:3000", "[::1]"],
    ["http://[::1]:3000", "[::1]:3000"],
  ])("%s passes %s", (origin, pattern) => {
    expect(isOriginAllowed(origin, [pattern])).toBe(true);
  });

  it.each([
    ["https://example.com.evil.org", "*.example.com"],
    ["https://example.com.evil.org", "example.com"],
    ["https://example.com.evil.org", "example.*"],
    ["https://example.com", "*.example.com"],
    ["https://evilexample.com", "*.example.com"],
    ["https://.example.com", "*.example.com"],
    ["https://app-.example.com", "app-*.example.com"],
    ["https://app-x.evil.example.com", "app-*.example.com"],
    ["https://exampleXcom", "example.com"],
    ["http://example.com", "https://example.com"],
    ["https://example.com:8443", "https://example.com"],
    ["https://example.com:8443", "example.com:443"],
    ["http://example.com", "example.com:443"],
    ["null", "example.com"],
    ["https://example.com@evil.org", "example.com"],
    ["https://evil.org/example.com", "*.com"],
    ["", "example.com"],
  ])("%s does not pass %s", (origin, pattern) => {
    expect(isOriginAllowed(origin, [pattern])).toBe(false);
  });

  it("passes when any pattern matches, and never when there is none", () => {
    expect(isOriginAllowed("https://b.com", ["a.com", "b.com"])).toBe(true);
    expect(isOriginAllowed("https://b.com", [])).toBe(false);
  });

  it("never throws, and takes no time that grows with tricky input", () => {
    expect(isOriginAllowed(`https://${"a.".repeat(200)}b`, ["*.*.*.*.*.example.com"])).toBe(false);
    fc.assert(
      fc.property(fc.string(), fc.string(), (origin, pattern) => {
        expect(typeof isOriginAllowed(origin, [pattern])).toBe("boolean");
      }),
      { numRuns: 500 },
    );
  });
});
