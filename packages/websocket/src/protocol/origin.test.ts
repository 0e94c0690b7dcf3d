import { describe, expect, it } from "vitest";
import type { UpgradeRequestHead } from "./hop-by-hop.ts";
import { createOriginPolicy, judgeOrigin } from "./origin.ts";

const head: UpgradeRequestHead = { method: "GET", target: "/", httpVersion: "1.1", rawHeaders: [] };

describe("origin policy (RFC 6455 §10.2)", () => {
  it("compares listed origins without letter case and default port", () => {
    const policy = createOriginPolicy(["HTTPS://Example.com:443"]);
    expect(judgeOrigin(["https://example.com"], policy, head)).toEqual({
      ok: true,
      origin: "https://example.com",
    });
  });

  it("gives every client the same answer by a global regular expression", () => {
    const policy = createOriginPolicy([/^https:\/\/[a-z]+\.example\.com$/g]);
    for (let client = 0; client < 3; client++) {
      expect(judgeOrigin(["https://www.example.com"], policy, head).ok).toBe(true);
    }
    expect(judgeOrigin(["https://www.example.com.evil.example"], policy, head).ok).toBe(false);
  });

  it("asks a function with the normalised origin and the request", () => {
    const seen: unknown[] = [];
    const policy = createOriginPolicy((...details) => {
      seen.push(details);
      return false;
    });
    expect(judgeOrigin(["https://EXAMPLE.com:443"], policy, head)).toMatchObject({
      failure: { name: "handshake-origin-rejected", httpStatus: 403 },
    });
    expect(seen).toEqual([["https://example.com", head]]);
  });

  it("accepts an opaque origin by * and by an entry of its own only", () => {
    expect(judgeOrigin(["null"], createOriginPolicy("*"), head).ok).toBe(true);
    expect(judgeOrigin(["null"], createOriginPolicy(["null"]), head).ok).toBe(true);
    expect(judgeOrigin(["null"], createOriginPolicy(["https://a.example"]), head).ok).toBe(false);
  });

  it.each(["example.com", "https://example.com/", "*", "https://*.example.com", ""])(
    "throws for the listed text %j, which can never match",
    (entry) => {
      expect(() => createOriginPolicy([entry])).toThrow(TypeError);
    },
  );
});
