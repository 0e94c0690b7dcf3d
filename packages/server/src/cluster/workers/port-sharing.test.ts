import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { canReusePort, checkPortIsFree } from "./port-sharing.ts";

describe("SO_REUSEPORT", () => {
  it.each([
    ["20.20.2", "linux", false],
    ["22.11.0", "linux", false],
    ["22.12.0", "linux", true],
    ["23.0.0", "linux", false],
    ["23.1.0", "linux", true],
    ["26.0.0", "linux", true],
    ["26.0.0", "freebsd", true],
    ["26.0.0", "darwin", false],
    ["26.0.0", "win32", false],
  ] as const)("of Node %s on %s: %s", (version, platform, expected) => {
    expect(canReusePort(version, platform)).toBe(expected);
  });
});

describe("the check of a port", () => {
  it("finds a port that another program listens on, and lets a free one be", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await expect(checkPortIsFree("127.0.0.1", port)).rejects.toMatchObject({ code: "EADDRINUSE", port });
    other.close();
    await once(other, "close");
    await checkPortIsFree("127.0.0.1", port);
  });
});
