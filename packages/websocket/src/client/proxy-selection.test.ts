import { describe, expect, it } from "vitest";
import { selectProxy } from "./proxy-selection.ts";
import { parseWebSocketUrl } from "./websocket-url.ts";

const ws = parseWebSocketUrl("ws://api.example:8080/");
const wss = parseWebSocketUrl("wss://api.example/");

describe("choice of a proxy", () => {
  it("ignores the environment unless asked to read it", () => {
    const environment = { https_proxy: "http://proxy.example:3128" };
    expect(selectProxy(undefined, wss, environment)).toBeUndefined();
    expect(selectProxy("environment", wss, environment)).toMatchObject({
      hostname: "proxy.example",
      port: 3128,
    });
    expect(selectProxy("environment", ws, environment)).toBeUndefined();
  });

  it.each([
    [wss, { wss_proxy: "a:1", https_proxy: "b:1" }, "a"],
    [wss, { HTTPS_PROXY: "b:1" }, "b"],
    [wss, { http_proxy: "c:1" }, undefined],
    [ws, { ws_proxy: "d:1", http_proxy: "c:1" }, "d"],
    [ws, { http_proxy: "c:1" }, "c"],
    [ws, { HTTP_PROXY: "from-a-header:1" }, undefined],
    [ws, { all_proxy: "e:1" }, "e"],
    [ws, { http_proxy: "" }, undefined],
  ])("%o with %o is %s", (target, environment, hostname) => {
    expect(selectProxy("environment", target, environment)?.hostname).toBe(hostname);
  });

  it.each([
    ["*", true],
    ["api.example", true],
    [".example", true],
    ["*.example", true],
    ["example", true],
    ["other.example, api.example", true],
    ["api.example:8080", true],
    ["api.example:443", false],
    ["pi.example", false],
    ["", false],
  ])("no_proxy=%s exempts api.example:8080: %s", (list, isExempt) => {
    const environment = { ws_proxy: "http://proxy.example", no_proxy: list };
    expect(selectProxy("environment", ws, environment) === undefined).toBe(isExempt);
  });

  it("no_proxy may list an IPv6 address", () => {
    const environment = { ws_proxy: "http://proxy.example", no_proxy: "[::1]:80" };
    expect(selectProxy("environment", parseWebSocketUrl("ws://[::1]/"), environment)).toBeUndefined();
  });

  it("turns user info into Proxy-Authorization and knows TLS to the proxy", () => {
    expect(selectProxy("https://u:p@proxy.example", wss, {})).toMatchObject({
      isSecure: true,
      port: 443,
      headers: [["Proxy-Authorization", `Basic ${btoa("u:p")}`]],
    });
  });
});
