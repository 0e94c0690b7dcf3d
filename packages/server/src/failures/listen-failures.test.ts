import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { explainListenError, listenFailures } from "./listen-failures.ts";

describe("an error of listen", () => {
  it("is named where Node says that the port is taken", async () => {
    const first = createServer();
    await new Promise<void>((resolve) => first.listen(0, "127.0.0.1", resolve));
    const { port } = first.address() as { port: number };
    const second = createServer();
    const error = await new Promise<unknown>((resolve) =>
      second.on("error", resolve).listen(port, "127.0.0.1"),
    );
    await new Promise((resolve) => first.close(resolve));
    expect(explainListenError(error)).toMatchObject({
      name: "listen-address-in-use",
      message: `Another program already listens on 127.0.0.1:${port}.`,
    });
  });

  it.each([
    ["EACCES", "listen-permission-denied"],
    ["EPERM", "listen-permission-denied"],
    ["EADDRNOTAVAIL", "listen-address-unavailable"],
    ["ENOTFOUND", "listen-host-unknown"],
  ])("%s is %s", (code, name) => {
    const error = Object.assign(new Error(code), { code, hostname: "host" });
    expect(explainListenError(error)).toMatchObject({ name, evidence: { address: "host" } });
  });

  it("is found as the cause of another error", () => {
    const cause = Object.assign(new Error("taken"), { code: "EADDRINUSE", address: "::1", port: 80 });
    expect(explainListenError(new Error("start failed", { cause }))?.message).toBe(
      "Another program already listens on [::1]:80.",
    );
  });

  it("is nothing where it is about something else", () => {
    expect(explainListenError(new Error("boom"))).toBeUndefined();
    expect(explainListenError(Object.assign(new Error("x"), { code: "constructor" }))).toBeUndefined();
    expect(explainListenError("EADDRINUSE")).toBeUndefined();
  });

  it("has a fix for every name", () => {
    for (const definition of Object.values(listenFailures.definitions)) expect(definition.fix).not.toBe("");
  });
});
