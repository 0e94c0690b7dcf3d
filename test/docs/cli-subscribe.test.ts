/** Produces the transcripts on the page about `subscribe` and `trigger` with the real commands, and compares. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { runAntiphon, startAntiphon } from "../support/antiphon-process.ts";

const command = fileURLToPath(new URL("../../packages/server/bin/antiphon.js", import.meta.url));
const page = readFileSync(new URL("../../docs/reference/cli-subscribe.md", import.meta.url), "utf8");
const blocks = Array.from(page.matchAll(/^```console\n([^]*?)^```$/gm), ([, block]) => block!);

/** What differs from run to run stands on the page as these. */
function settle(text: string): string {
  return text
    .replaceAll(/^\d\d:\d\d:\d\d\.\d{3}/gm, "12:00:00.000")
    .replaceAll(/socket id \d+\.\d+/g, "socket id 1234.5678");
}

describe("docs/reference/cli-subscribe.md", () => {
  it("shows what the commands print", async () => {
    const server = await startAntiphon();
    onTestFinished(async () => void (await server.stop()));
    const port = String(server.port);
    const words = ["subscribe", "news", "presence-lobby", "--user-id", "anna", "--port", port];
    const listener = spawn(process.execPath, [command, ...words]);
    let heard = "";
    listener.stdout.setEncoding("utf8").on("data", (text: string) => (heard += text));
    await expect.poll(() => heard, { timeout: 15_000 }).toContain("(1 here)");
    expect(`$ antiphon subscribe news presence-lobby --user-id anna\n${settle(heard)}`).toBe(blocks[0]);

    const before = heard.length;
    const told = await runAntiphon(["trigger", "news", "headline", '{"text":"It works."}', "--port", port]);
    expect(told.code).toBe(0);
    expect(`$ antiphon trigger news headline '{"text":"It works."}'\n${told.stdout}`).toBe(blocks[1]);
    await expect.poll(() => settle(heard.slice(before)), { timeout: 15_000 }).toBe(blocks[2]);
    listener.kill("SIGINT");
    await once(listener, "close");

    const refused = await runAntiphon([
      "trigger",
      "news",
      "headline",
      "{}",
      "--secret",
      "wrong",
      "--port",
      port,
    ]);
    expect(refused.code).toBe(1);
    const printed = refused.stdout + refused.stderr;
    expect(`$ antiphon trigger news headline '{}' --secret wrong\n${printed}`).toBe(blocks[3]);
  });
});
