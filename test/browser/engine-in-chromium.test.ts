/** The engine against a real browser: Chromium's own WebSocket, and the reconnecting client of `@antiphon/websocket/browser`. */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CloseReport, WebSocketServer } from "@antiphon/websocket";
import type { ReconnectingWebSocket } from "@antiphon/websocket/browser";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";

const search = inject("chromium");

const dist = new URL("../../packages/websocket/dist/", import.meta.url);

/** The page, and the compiled engine as browsers load it. */
async function serveFile(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://page");
  if (!pathname.startsWith("/dist/") || pathname.includes("..")) {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>test</title>");
    return;
  }
  response.setHeader("content-type", "text/javascript").end(await readFile(new URL(pathname.slice(6), dist)));
}

describe.skipIf(!search.found)(`Chromium${search.found ? "" : ` (skipped: ${search.reason})`}`, () => {
  let browser: Browser;
  let page: Page;
  let server: WebSocketServer;
  let address: AddressInfo;
  const reports: CloseReport[] = [];
  const failures: string[] = [];

  beforeAll(async () => {
    server = new WebSocketServer({
      deflate: { thresholdBytes: 0 },
      onFailure: (failure) => failures.push(failure.name),
    });
    server.route("/echo", {
      subprotocols: ["v2", "v1"],
      open: (connection) => void connection.send(connection.isCompressed ? "compressed" : "plain"),
      message: (connection, data) => void connection.send(data),
      close: (_connection, report) => reports.push(report),
    });
    server.route("/restarting", {
      open: (connection) => connection.close(1012, "restart", { allowReserved: true }),
    });
    address = await server.listen({ onRequest: (request, response) => void serveFile(request, response) });
    browser = await launchChromium(search);
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${address.port}/`);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.shutdown({ drainWindowMs: 0 });
  });

  beforeEach(() => {
    reports.length = 0;
    failures.length = 0;
  });

  it("negotiates compression and a subprotocol, and gets back what it sends, text and bytes, small and large", async () => {
    const seen = await page.evaluate(async () => {
      const socket = new WebSocket(`ws://${location.host}/echo`, ["v1", "v0"]);
      socket.binaryType = "arraybuffer";
      const next = () =>
        new Promise<MessageEvent>((resolve) => socket.addEventListener("message", resolve, { once: true }));
      const greeting = (await next()).data as string;
      const echoes: string[] = [];
      for (const text of ["", "Grüße 👋", "x".repeat(200_000)]) {
        socket.send(text);
        const { data } = await next();
        echoes.push(data === text ? "same" : "different");
      }
      const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251);
      socket.send(bytes);
      const echo = new Uint8Array((await next()).data as ArrayBuffer);
      echoes.push(echo.every((byte, index) => byte === bytes[index]) ? "same" : "different");
      const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
      socket.close(4001, "done");
      const { code, reason, wasClean } = await closed;
      return { greeting, protocol: socket.protocol, echoes, code, reason, wasClean };
    });
    expect(seen).toEqual({
      greeting: "compressed",
      protocol: "v1",
      echoes: ["same", "same", "same", "same"],
      code: 4001,
      reason: "",
      wasClean: true,
    });
    await expect.poll(() => reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ code: 4001, reason: "done", wasClean: true, initiator: "remote" });
    expect(failures).toEqual([]);
  });

  it("sees 1006 where the path is unknown; the server names it", async () => {
    const code = await page.evaluate(async () => {
      const socket = new WebSocket(`ws://${location.host}/nowhere`);
      return new Promise((resolve) => socket.addEventListener("close", (event) => resolve(event.code)));
    });
    expect(code).toBe(1006);
    expect(failures).toEqual(["handshake-path-not-found"]);
  });

  it("runs the reconnecting client, which comes back after a restart", async () => {
    // A script of the page's own: the test runner rewrites imports in functions that it hands over.
    await page.addScriptTag({
      type: "module",
      content:
        'import { ReconnectingWebSocket } from "/dist/browser/index.js"; window.Client = ReconnectingWebSocket;',
    });
    await page.waitForFunction(() => "Client" in window);
    const states = await page.evaluate(async () => {
      const { Client } = window as unknown as { Client: typeof ReconnectingWebSocket };
      const seen: string[] = [];
      const answer = await new Promise<string>((resolve) => {
        let attempts = 0;
        const client = new Client(`ws://${location.host}/restarting`, {
          backoff: { firstMs: 1, baseMs: 1, capMs: 1, floorMs: 0, restartMs: [0, 1] },
          refresh: () => {
            attempts += 1;
            return attempts < 3 ? {} : { url: `ws://${location.host}/echo` };
          },
          handlers: {
            state: (state) => void seen.push(state),
            message: (data) => {
              resolve(String(data));
              client.stop();
            },
          },
        });
        client.start();
      });
      return [answer, ...seen];
    });
    expect(states[0]).toBe("compressed");
    expect(states.filter((state) => state === "open").length).toBeGreaterThanOrEqual(3);
  });
});
