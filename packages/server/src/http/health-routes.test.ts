import { afterEach, describe, expect, it } from "vitest";
import { testApp } from "../pusher/app.test.harness.ts";
import { startApi, type TestApi } from "./http-api.test.harness.ts";
import type { ServerStatus } from "./http-api-options.ts";
import { readMemoryUse } from "./memory-use.ts";

let api: TestApi;
afterEach(() => api.stop());

async function answerTo(path: string) {
  const response = await fetch(api.url + path);
  return `${response.status} ${await response.text()}`;
}

describe("health", () => {
  it("says that the process lives, in every state", async () => {
    for (const status of ["starting", "ready", "draining"] satisfies ServerStatus[]) {
      api = await startApi(testApp(), { status: () => status });
      expect(await answerTo("/")).toBe("200 OK");
      expect(await answerTo("/up")).toBe('200 {"health":"OK"}');
      if (status !== "draining") await api.stop();
    }
  });

  it("is ready only between start and drain", async () => {
    let status: ServerStatus = "starting";
    api = await startApi(testApp(), { status: () => status });
    expect(await answerTo("/ready")).toMatch(/^503 .*The server is starting/);
    expect(await answerTo("/accept-traffic")).toMatch(/^503 /);
    status = "ready";
    expect(await answerTo("/ready")).toBe("200 OK");
    status = "draining";
    expect(await answerTo("/ready")).toMatch(/^503 .*The server is draining/);
  });

  it("asks for no traffic while it is told that the backend is away, and lives on", async () => {
    let lost: { backend: string; awayMs: number } | undefined = { backend: "Redis", awayMs: 12_345 };
    api = await startApi(testApp(), { lostBackend: () => lost });
    const reason = /^503 .*cut off from the other nodes for 12 s: Redis is away/;
    expect(await answerTo("/ready")).toMatch(reason);
    expect(await answerTo("/accept-traffic")).toMatch(reason);
    expect(await answerTo("/up")).toBe('200 {"health":"OK"}');
    lost = undefined;
    expect(await answerTo("/ready")).toBe("200 OK");
  });

  it("accepts traffic while memory use is within the threshold", async () => {
    let usedSize = 85;
    api = await startApi(testApp(), { memoryUse: () => ({ usedSize, totalSize: 100 }) });
    expect(await answerTo("/accept-traffic")).toBe(
      '200 {"memory":{"usedSize":85,"totalSize":100,"percentUsage":85}}',
    );
    usedSize = 86;
    expect(await answerTo("/accept-traffic")).toMatch(/^503 .*86 % of the memory is in use/);
  });

  it("measures the memory of this process", () => {
    const { usedSize, totalSize } = readMemoryUse();
    expect(usedSize).toBeGreaterThan(1_000_000);
    expect(usedSize).toBeLessThan(totalSize);
  });

  it("answers HEAD without a body, and preflights of other origins", async () => {
    api = await startApi();
    const head = await fetch(`${api.url}/ready`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "2", ""]);
    const preflight = await fetch(`${api.url}/up`, { method: "OPTIONS" });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  });
});

describe("the API itself", () => {
  it("is not for other origins", async () => {
    api = await startApi();
    const answer = await api.send("GET", "/apps/3/channels");
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("a WebSocket path that is reached without an upgrade", () => {
  it("is answered 426 with what an upgrade needs, and why", async () => {
    api = await startApi();
    const answer = await api.exchange("GET /app/key?protocol=7 HTTP/1.1\r\nHost: a\r\n\r\n", /\}$/);
    expect(answer).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(answer).toMatch(/\r\nupgrade: websocket\r\n/i);
    expect(answer).toMatch(/\r\nconnection: Upgrade\r\n/i);
    expect(answer).toMatch(/\r\nsec-websocket-version: 13\r\n/i);
    expect(answer).toContain('"code":426}');
    expect(answer).toContain("let the proxy in between pass the Upgrade and Connection headers on");
  });
});
