import { describe, expect, it } from "vitest";
import { detectDeflateQuirk } from "./permessage-deflate-quirks.ts";

const webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";

describe("browsers with broken compression", () => {
  it.each([
    [
      "Safari 15.3 on macOS",
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/15.3 Safari/605.1.15`,
    ],
    [
      "Safari on iOS 15.0",
      `Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) ${webkit} Version/15.0 Mobile/15E148 Safari/604.1`,
    ],
    [
      "Chrome on iOS 15.2.1",
      `Mozilla/5.0 (iPhone; CPU iPhone OS 15_2_1 like Mac OS X) ${webkit} CriOS/97.0 Mobile/15E148 Safari/604.1`,
    ],
    ["an app on iPadOS 15.1", `Mozilla/5.0 (iPad; CPU OS 15_1 like Mac OS X) ${webkit} Mobile/15E148`],
  ])("%s is one", (_, userAgent) => {
    expect(detectDeflateQuirk(userAgent)).toMatchObject({ name: "deflate-safari15", severity: "info" });
  });

  it.each([
    ["Safari 15.4", `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/15.4 Safari/605.1.15`],
    ["Safari 14", `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/14.1.2 Safari/605.1.15`],
    [
      "Chrome on macOS",
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
    ],
    ["no user agent", undefined],
  ])("%s is none", (_, userAgent) => {
    expect(detectDeflateQuirk(userAgent)).toBeUndefined();
  });

  it("are looked for in linear time", () => {
    expect(detectDeflateQuirk("iPhone Version/15.3 ".repeat(50_000))).toBeUndefined();
  });
});
