/** `antiphon subscribe` and `antiphon trigger` against a real server, as people use them: in two terminals. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type AntiphonProcess, runAntiphon } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { labApp } from "./server-lab.ts";

const command = fileURLToPath(new URL("../../packages/server/bin/antiphon.js", import.meta.url));
const credentials = ["--app-id", labApp.id, "--key", labApp.key, "--secret", labApp.secret];

let antiphon: AntiphonProcess;

beforeAll(async () => {
  antiphon = await startConfiguredServer({ apps: [labApp] });
});

afterAll(async () => {
  await antiphon.stop();
});

/** A second terminal. */
class Terminal {
  readonly #child: ChildProcess;
  #output = "";

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [command, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  /** Waits until a line matches. */
  async shows(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#output)) await once(this.#child.stdout!, "data");
  }

  /** As Control-C does; the exit code. */
  async interrupt(): Promise<number | null> {
    this.#child.kill("SIGINT");
    const [code] = (await once(this.#child, "close")) as [number | null];
    return code;
  }
}

const subscribe = (...args: readonly string[]): Terminal =>
  new Terminal(["subscribe", ...args, "--port", String(antiphon.port), ...credentials]);
const trigger = (...args: readonly string[]) =>
  runAntiphon(["trigger", ...args, "--port", String(antiphon.port), ...credentials]);

describe("antiphon subscribe and trigger", () => {
  it("show an event of a public and of a private channel, and end with 0 on Control-C", async () => {
    const terminal = subscribe("news", "private-news");
    await terminal.shows(/ private-news subscribed\n/);
    expect(await trigger("news", "hello", '{"a":1}')).toEqual({ code: 0, stdout: "200 {}\n", stderr: "" });
    await terminal.shows(/^\d\d:\d\d:\d\d\.\d{3} news hello {"a":1}$/m);
    await trigger("private-news", "plain", "not JSON");
    await terminal.shows(/ private-news plain not JSON\n/);
    expect(await terminal.interrupt()).toBe(0);
  });

  it("show who is in a presence channel, who joins and who leaves", async () => {
    const ada = subscribe("presence-room", "--user-id", "ada");
    await ada.shows(/ presence-room subscribed ada \(1 here\)\n/);
    const bob = subscribe("presence-room", "--user-id", "bob", "--user-info", '{"name":"Bob"}');
    await bob.shows(/ presence-room subscribed ada, bob \(2 here\)\n/);
    await ada.shows(/ presence-room joined bob {"name":"Bob"} \(2 here\)\n/);
    await bob.interrupt();
    await ada.shows(/ presence-room left bob \(1 here\)\n/);
  });

  it("leave out the connection that an event comes from", async () => {
    const terminal = subscribe("news", "--json");
    await terminal.shows(/"type":"subscribed"/);
    await trigger("news", "first", "{}", "--socket-id", "1.2");
    await terminal.shows(/{"type":"event","channel":"news","event":"first","data":{}}\n/);
  });

  it("say why a key, a secret or an address is refused", async () => {
    const wrongKey = await runAntiphon([
      "subscribe",
      "news",
      "--port",
      String(antiphon.port),
      "--key",
      "nope",
    ]);
    expect(wrongKey.stderr).toContain('No app has the key "nope" [app-key-unknown]');
    expect(wrongKey.code).toBe(1);

    const url = `http://127.0.0.1:${antiphon.port}/app/${labApp.key}`;
    const wrong = ["--url", url, "--app-id", labApp.id, "--secret", "wrong"];
    const wrongSecret = await runAntiphon(["trigger", "news", "hello", ...wrong]);
    expect(wrongSecret.stdout).toMatch(/^401 {"error":"auth_signature does not match/);
    expect(wrongSecret.stderr).toContain("[api-signature-mismatch], the fault of ");
    expect(wrongSecret.code).toBe(1);

    const nobody = await runAntiphon(["trigger", "news", "hello", "--port", "1"]);
    expect(nobody.stderr).toContain("ECONNREFUSED [api-request-failed]");
    expect(nobody.code).toBe(3);
  });

  it("end with 2 for options that contradict each other", async () => {
    for (const args of [
      ["subscribe", "news", "--url", "ws://localhost", "--port", "1"],
      ["subscribe", "news", "--user-info", "{"],
      ["trigger", "news", "hello", "--key", "without-a-secret"],
      ["trigger", "news", "hello", "--url", "ftp://localhost"],
    ]) {
      const { code, stderr } = await runAntiphon(args);
      expect(stderr).toMatch(/^error: /);
      expect(code).toBe(2);
    }
  });
});
