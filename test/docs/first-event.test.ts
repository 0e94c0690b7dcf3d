/** Goes through docs/tutorial/first-event.md: the page in a real browser, the commands in a folder of their own. */
import { execFile } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type AntiphonProcess, startAntiphon } from "../support/antiphon-process.ts";
import { createFolder, MarkdownPage, removeFolder } from "./markdown-page.ts";

const search = inject("chromium");
const page = new MarkdownPage("docs/tutorial/first-event.md");
const command = "node publish.mjs";

let folder: string;
let server: AntiphonProcess;

/** The page's code, for the port that is free here, with one thing changed. */
function here(code: string, from = "", to = ""): string {
  const changed = from === "" ? code : code.replace(from, to);
  if (from !== "") expect(changed).not.toBe(code);
  return changed.replaceAll("6001", String(server.port));
}

beforeAll(async () => {
  server = await startAntiphon({ args: ["--shutdown-grace-ms", "0"] });
  const publish = page.block("js");
  const html = page.block("html");
  folder = await createFolder({
    "publish.mjs": here(publish),
    "wrong.mjs": here(publish, '"antiphon-secret"', '"another-secret"'),
    "index.html": here(html),
    "unknown.html": here(html, "antiphon-key", "antiphon-kye"),
  });
  // What `npm install antiphon pusher pusher-js` brings.
  const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
  await symlink(modules, join(folder, "node_modules"));
});

afterAll(async () => {
  await server.stop();
  await removeFolder(folder);
});

async function publish(file: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
  return stdout;
}

describe("the tutorial's server", () => {
  it("prints what the page shows, and takes what the page publishes", async () => {
    const shown = page.block("text").trimEnd().split("\n");
    const printed = server
      .output()
      .split("\n")
      .map((line) => line.replace(/:\d{4,5}\b/, ":PORT"));
    for (const line of shown) expect(printed).toContain(line.replace(/:\d{4,5}\b/, ":PORT"));
    expect(await publish("publish.mjs")).toBe(page.outputOf(command));
  });

  it("says why it refuses a wrong secret, as the page shows", async () => {
    const answer = await publish("wrong.mjs");
    expect(page.blocks("console").map((block) => block.replace(`$ ${command}\n`, ""))).toContain(answer);
    await server.printed("api-signature-mismatch");
    expect(page.text).toContain("`api-signature-mismatch`");
  });
});

describe.skipIf(!search.found)(
  `the tutorial's page${search.found ? "" : ` (skipped: ${search.reason})`}`,
  () => {
    let browser: Browser;

    beforeAll(async () => {
      if (!search.found) return;
      const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
      browser = await chromium.launch({ executablePath: search.path, args });
    }, 60_000);

    afterAll(() => browser?.close());

    async function open(file: string): Promise<Page> {
      const opened = await browser.newPage();
      await opened.goto(pathToFileURL(join(folder, file)).href);
      return opened;
    }

    it("connects straight from the folder, and shows what is published", async () => {
      const opened = await open("index.html");
      await opened.getByText("The connection is connected.").waitFor();
      await waitUntilSubscribed(opened);
      await publish("publish.mjs");
      await opened.getByRole("listitem").filter({ hasText: "It works." }).waitFor();
      expect(await opened.getByRole("listitem").count()).toBe(1);
      await opened.close();
    }, 60_000);

    it("stays disconnected with a key that does not exist", async () => {
      const opened = await open("unknown.html");
      await opened.getByText("The connection is disconnected.").waitFor();
      await server.printed("app-key-unknown");
      expect(page.text).toContain("`app-key-unknown`");
      await opened.close();
    }, 60_000);

    /** Readers are slower than this test. */
    async function waitUntilSubscribed(opened: Page): Promise<void> {
      await opened.waitForFunction("pusher.channel('news').subscribed");
    }
  },
);
