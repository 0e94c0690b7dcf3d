import { describe, expect, it } from "vitest";
import { judgeRedirect, keepHeadersOnRedirect } from "./redirect.ts";

describe("redirect of a handshake", () => {
  it("may be followed to another path, host, or from ws to wss", () => {
    expect(judgeRedirect("wss://b.example/x", ["ws://a.example/"])).toBeUndefined();
    expect(judgeRedirect("wss://a.example/x", ["wss://a.example/"])).toBeUndefined();
  });

  it.each(["ws://a.example/", "http://a.example/?token=s3cret"])(
    "must not drop TLS by leading to %s",
    (location) => {
      expect(judgeRedirect(location, ["wss://a.example/"])).toMatchObject({
        name: "response-redirect-insecure",
        evidence: { location: location.split("?")[0] },
      });
    },
  );

  it("must not lead back to where it came from", () => {
    const visited = ["ws://a.example/1", "ws://a.example/2"];
    expect(judgeRedirect("ws://a.example/1", visited)?.name).toBe("response-redirect-loop");
    expect(judgeRedirect("ws://a.example/3", visited)).toBeUndefined();
  });

  it("may be the fifth but not the sixth", () => {
    const visited = Array.from({ length: 5 }, (_, hop) => `ws://a.example/${hop}`);
    expect(judgeRedirect("ws://a.example/new", visited)).toBeUndefined();
    expect(judgeRedirect("ws://a.example/new", [...visited, "ws://a.example/5"])).toMatchObject({
      name: "response-redirect-loop",
      evidence: { redirects: 5 },
    });
  });

  it.each([
    ["another host", "wss://b.example/", false],
    ["another port", "wss://a.example:444/", false],
    ["another scheme", "ws://a.example/", false],
    ["another path", "wss://a.example/other", true],
    ["https for wss", "https://A.example/", true],
  ])("to %s takes credentials along: %s %s", (_, location, keeps) => {
    const headers = [
      ["Authorization", "Bearer x"],
      ["cookie", "a=1"],
      ["Proxy-Authorization", "Basic x"],
      ["User-Agent", "test"],
    ] as const;
    const kept = keepHeadersOnRedirect(headers, "wss://a.example/", location);
    expect(kept).toEqual(keeps ? headers : [["User-Agent", "test"]]);
  });
});
