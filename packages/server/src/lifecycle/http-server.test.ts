import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load-config.ts";
import { createHttpServer } from "./http-server.ts";

describe("the HTTP server", () => {
  it("keeps idle connections longer than the proxies in front of it, which may use them for a minute", async () => {
    const result = await loadConfig({ env: {} });
    if (!result.ok) throw new Error("the configuration was refused");
    expect(createHttpServer(result.config).keepAliveTimeout).toBeGreaterThan(60_000);
  });
});
