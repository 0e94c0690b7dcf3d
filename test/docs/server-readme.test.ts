/** The npm page of the server: its configuration is fine, and its code runs. */
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { runAntiphon } from "../support/antiphon-process.ts";
import { createFolder, MarkdownPage, removeFolder } from "./markdown-page.ts";

const page = new MarkdownPage("packages/server/README.md");

it("has a configuration without problems or warnings, and names settings that there are", async () => {
  const folder = await createFolder({ "antiphon.json": page.block("json") });
  onTestFinished(() => removeFolder(folder));
  const { code, stdout } = await runAntiphon(["config", "check", "--config", "antiphon.json"], {
    cwd: folder,
  });
  expect(stdout).toBe("The configuration is fine (0 problems, 0 warnings).\n");
  expect(code).toBe(0);
  expect(page.unknownSettings()).toEqual([]);
});

it("has code that starts and stops a server inside another program", async () => {
  // Inside the repository, so that it finds the package as its users do.
  const folder = new URL("../../.cache/docs/", import.meta.url);
  const file = new URL(`server-readme-${process.pid}.mjs`, folder);
  await mkdir(folder, { recursive: true });
  await writeFile(file, page.block("js"));
  onTestFinished(() => rm(file));
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(file)], {
    env: { PATH: process.env["PATH"] ?? "", ANTIPHON_METRICS_PORT: "0" },
    timeout: 15_000,
  });
  expect(stdout).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+\n$/);
});
