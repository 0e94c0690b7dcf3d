/** The cluster in `examples/cluster` in a real browser: tabs on three nodes, one of which is killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { launchChromium } from "../support/chromium.ts";

const start = fileURLToPath(new URL("../../examples/cluster/start.js", import.meta.url));
const chromium = inject("chromium");
const redis = inject("redisServer");
// Five processes and a browser, on whatever cores there are.
const patient = { timeout: 30_000, interval: 100 };

interface ClusterExample {
  readonly child: ChildProcess;
  /** Everything that was printed so far. */
  readonly output: () => string;
}

/** Starts the example with its temporary files in this folder. */
function startExample(folder: string, env: Readonly<Record<string, string>>): ClusterExample {
  const child = spawn(process.execPath, [start], {
    env: { PATH: process.env["PATH"] ?? "", TMPDIR: folder, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  return { child, output: () => output };
}

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "antiphon-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function exitCode({ child }: ClusterExample): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  return child.exitCode;
}

/** Address of the page, once it is there. */
async function readUrl({ child, output }: ClusterExample): Promise<string> {
  return vi.waitFor(() => {
    const url = /Open (\S+) in/.exec(output())?.[1];
    if (url === undefined) {
      const state = child.exitCode === null ? "is not up yet" : "ended";
      throw new Error(`the example ${state}:\n${output()}`);
    }
    return url;
  }, patient);
}

interface ProcessState {
  readonly name: string;
  readonly pid?: number;
}

async function readProcesses(url: string): Promise<ProcessState[]> {
  const answer = (await (await fetch(`${url}/cluster`)).json()) as Record<
    string,
    ProcessState | ProcessState[]
  >;
  return [answer["proxy"], answer["nodes"], answer["redis"]].flatMap((each) => each ?? []);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const nodeOf = async (page: Page): Promise<string> =>
  (await page.locator("#me").getAttribute("data-node")) ?? "";

/** Which tabs the page shows on which node, without those whose node is dead. */
async function placesOn(page: Page): Promise<Record<string, string>> {
  const places: Record<string, string> = {};
  for (const node of ["alto", "tenor", "bass"]) {
    for (const text of await page.locator(`[data-name=${node}] .tab:not(.ghost)`).allTextContents()) {
      places[text.replace("this tab", "")] = node;
    }
  }
  return places;
}

async function told(page: Page, text: string): Promise<void> {
  await page.locator("#log .text", { hasText: text }).first().waitFor();
}

describe.each(["nginx", "haproxy"] as const)("the cluster example behind %s", (proxy) => {
  const missing = [chromium, redis, inject(proxy)].flatMap((each) => (each.found ? [] : [each.reason]));
  const skipped = missing.length > 0 ? ` (skipped: ${missing.join("; ")})` : "";

  it.skipIf(skipped !== "")(
    `shows tabs on their nodes, moves them when theirs is killed, and leaves nothing behind${skipped}`,
    async () => {
      const folder = await createFolder();
      const example = startExample(folder, { PROXY: proxy });
      onTestFinished(() => void example.child.kill());
      const url = await readUrl(example);
      const browser = await launchChromium(chromium);
      onTestFinished(() => browser.close());
      const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
      const tabs: [Page, Page, Page] = [
        await context.newPage(),
        await context.newPage(),
        await context.newPage(),
      ];
      for (const tab of tabs) {
        await tab.goto(url);
        await tab.locator('#me[data-state="connected"]').waitFor();
      }

      // The proxy gives each node as many; all tabs know of each other, and of their nodes.
      const nodes = await Promise.all(tabs.map(nodeOf));
      expect(nodes.toSorted()).toEqual(["alto", "bass", "tenor"]);
      const everywhere = { "Tab 1": nodes[0], "Tab 2": nodes[1], "Tab 3": nodes[2] };
      for (const tab of tabs)
        await vi.waitFor(async () => expect(await placesOn(tab)).toEqual(everywhere), patient);

      await tabs[0].getByRole("button", { name: "Wave to all tabs" }).click();
      for (const tab of tabs.slice(1)) await told(tab, `Tab 1 waves from ${nodes[0]}`);
      for (const through of [...nodes, proxy]) {
        await tabs[1].locator(`[data-action=publish][data-name=${through}]`).click();
        for (const tab of tabs) await told(tab, `event from Tab 2, published through ${through}`);
      }

      // The node of the first tab is killed: its tab comes back on another; what it was before is gone after a while.
      const dead = nodes[0]!;
      await tabs[1].locator(`[data-action=kill][data-name=${dead}]`).click();
      await tabs[1].locator(`[data-name=${dead}] .ghost`, { hasText: "Tab 1" }).waitFor();
      await tabs[0].locator(`#me[data-state="connected"]:not([data-node="${dead}"])`).waitFor();
      const healed = { ...everywhere, "Tab 1": await nodeOf(tabs[0]) };
      for (const tab of tabs)
        await vi.waitFor(async () => expect(await placesOn(tab)).toEqual(healed), patient);
      for (const tab of tabs) await tab.locator(".ghost").waitFor({ state: "detached" });
      await told(tabs[2], `Node ${dead} was not heard for`);
      await told(tabs[2], `Tab 1 is gone from ${dead}`);

      // It is started again, and has the fewest connections: the next goes there.
      await tabs[1].locator(`[data-action=start][data-name=${dead}]`).click();
      await tabs[1].locator(`[data-name=${dead}][data-state=running]`).waitFor();
      await vi.waitFor(async () => {
        await tabs[0].getByRole("button", { name: "Connect anew" }).click();
        await tabs[0].locator('#me[data-state="connected"]').waitFor();
        expect(await nodeOf(tabs[0])).toBe(dead);
      }, patient);
      for (const tab of tabs)
        await vi.waitFor(async () => expect(await placesOn(tab)).toEqual(everywhere), patient);
      if (process.env["SCREENSHOTS"])
        await tabs[0].screenshot({ path: `${process.env["SCREENSHOTS"]}/cluster.png` });

      const pids = (await readProcesses(url)).map(({ pid }) => pid ?? 0);
      expect(pids.map(isAlive)).toEqual([true, true, true, true, true]);
      example.child.kill("SIGINT");
      expect(await exitCode(example)).toBe(0);
      expect(pids.filter(isAlive)).toEqual([]);
      expect(await readdir(folder)).toEqual([]);
    },
    120_000,
  );
});

describe("the cluster example", () => {
  it("does not start with a proxy that it does not know, and says which it knows", async () => {
    const folder = await createFolder();
    const example = startExample(folder, { PROXY: "apache" });
    expect(await exitCode(example)).toBe(1);
    expect(example.output()).toBe("PROXY is apache, and can be nginx or haproxy.\n");
    expect(await readdir(folder)).toEqual([]);
  });

  it.skipIf(!inject("nginx").found || existsSync("/usr/sbin/redis-server"))(
    "names the package of a program that is missing",
    async () => {
      const folder = await createFolder();
      const example = startExample(folder, { PATH: folder });
      expect(await exitCode(example)).toBe(1);
      expect(example.output()).toMatch(/^This example needs .* apt-get install (redis-server|nginx)\n$/);
      expect(await readdir(folder)).toEqual([]);
    },
  );
});
