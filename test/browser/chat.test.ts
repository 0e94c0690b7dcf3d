/** The chat in `examples/chat` in a real browser, on a started server: two tabs that see and hear each other. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { type AntiphonProcess, startAntiphon } from "../support/antiphon-process.ts";
import { launchChromium } from "../support/chromium.ts";

const search = inject("chromium");
const start = fileURLToPath(new URL("../../examples/chat/start.js", import.meta.url));

interface Chat {
  readonly url: string;
  stop(): Promise<void>;
}

async function startChat(antiphonPort: number): Promise<Chat> {
  const child = spawn(process.execPath, [start], {
    env: { PATH: process.env["PATH"] ?? "", PORT: "0", PUSHER_PORT: String(antiphonPort) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { url: await readUrl(child), stop: () => stopChild(child) };
}

async function readUrl(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /^Chat on (\S+),/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error("the chat ended before it listened");
}

async function stopChild(child: ChildProcess): Promise<void> {
  child.kill();
  await once(child, "exit");
}

const people = (page: Page): Promise<string[]> => page.locator("#people .name").allTextContents();

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

describe.skipIf(!search.found)(
  `the chat example${search.found ? "" : ` (skipped: ${search.reason})`}`,
  () => {
    let antiphon: AntiphonProcess;
    let chat: Chat;
    let browser: Browser;
    let context: BrowserContext;

    beforeAll(async () => {
      antiphon = await startAntiphon({ args: ["--shutdown-grace-ms", "0"] });
      chat = await startChat(antiphon.port);
      browser = await launchChromium(search);
      context = await browser.newContext({ viewport: { width: 1000, height: 720 } });
    }, 60_000);

    afterAll(async () => {
      await browser?.close();
      await chat?.stop();
      await antiphon?.stop();
    });

    async function join(name: string): Promise<Page> {
      const page = await context.newPage();
      await page.goto(chat.url);
      await page.getByLabel("Your name").fill(name);
      await page.getByRole("button", { name: "Join the chat" }).click();
      await page.locator("#text:enabled").waitFor();
      return page;
    }

    it("shows two tabs each other's presence, typing and messages, and who leaves", async () => {
      const anna = await join("Anna");
      expect(await people(anna)).toEqual(["Anna"]);
      const ben = await join("Ben");
      await anna.getByText("Ben joined").waitFor();
      expect(await people(anna)).toEqual(["Anna", "Ben"]);
      expect(await people(ben)).toEqual(["Ben", "Anna"]);
      expect(await ben.getByRole("status").textContent()).toBe("connected");

      await say(anna, "Salve, <b>Ben</b>!");
      await ben.locator(".message:not(.mine) .text", { hasText: "Salve, <b>Ben</b>!" }).waitFor();
      await anna.locator(".message.mine .text", { hasText: "Salve, <b>Ben</b>!" }).waitFor();

      await say(ben, "Et tu, Anna?");
      await anna.locator(".message:not(.mine) .text", { hasText: "Et tu, Anna?" }).waitFor();
      await anna.getByLabel("Message").fill("Bene…");
      await ben.getByText("Anna is typing…").waitFor();

      if (process.env["SCREENSHOTS"]) {
        await ben.screenshot({ path: `${process.env["SCREENSHOTS"]}/chat.png` });
      }
      await ben.close();
      await anna.getByText("Ben left").waitFor();
      expect(await people(anna)).toEqual(["Anna"]);
    }, 60_000);

    it("tells when the server is gone, and gives a message back that could not be delivered", async () => {
      const other = await startAntiphon({ args: ["--shutdown-grace-ms", "0"] });
      const otherChat = await startChat(other.port);
      onTestFinished(() => otherChat.stop());
      const page = await context.newPage();
      await page.goto(otherChat.url);
      await page.getByLabel("Your name").fill("Carla");
      await page.getByRole("button", { name: "Join the chat" }).click();
      // In the room, not only connected.
      await page.locator("#text:enabled").waitFor();
      await other.stop();
      await page.getByText("This server is shutting down.").waitFor();
      await page.locator('#status:not([data-state="connected"])').waitFor();
      await say(page, "Anybody there?");
      await page.getByText("The message could not be delivered.").waitFor();
      expect(await page.getByLabel("Message").inputValue()).toBe("Anybody there?");
      if (process.env["SCREENSHOTS"]) {
        await page.screenshot({ path: `${process.env["SCREENSHOTS"]}/gone.png` });
      }
      await page.close();
    }, 60_000);
  },
);
