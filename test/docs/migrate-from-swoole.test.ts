/** Runs the server of docs/how-to/migrate-from-swoole-hyperf-workerman.md, and looks up the names that the page uses. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import {
  ConnectError,
  connect,
  defaultConnectionSettings,
  engineFailures,
  type WebSocketServer,
} from "@antiphon/websocket";
import * as frames from "@antiphon/websocket/frames";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const page = readFileSync(
  new URL("../../docs/how-to/migrate-from-swoole-hyperf-workerman.md", import.meta.url),
  "utf8",
);

/** The right-hand sides of the tables: what there is here. */
const ours = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| ---"))
  .flatMap((line) => line.split(" | ").slice(1))
  .join("\n");

let server: WebSocketServer;
let address: AddressInfo;

beforeAll(async () => {
  const [, code] = /^```ts\n([^`]+)```$/m.exec(page) ?? [];
  const folder = fileURLToPath(new URL("../../.cache/docs/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}migrate.ts`, code ?? "");
  ({ server, address } = (await import(`${folder}migrate.ts`)) as {
    server: WebSocketServer;
    address: AddressInfo;
  });
});

afterAll(() => server.shutdown({ drainWindowMs: 0, deadlineMs: 0 }));

describe("the server of the page", () => {
  it("refuses without a token, by a real status", async () => {
    const attempt = connect(`ws://127.0.0.1:${address.port}/chat/blue`);
    const error = await attempt.then(
      () => expect.unreachable("it was accepted"),
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(ConnectError);
    expect((error as ConnectError).response?.status).toBe(403);
  });

  it("chooses a subprotocol, greets, and passes messages on to the room", async () => {
    const url = `ws://127.0.0.1:${address.port}/chat/blue?token=letmein`;
    const first = await connect(url, { subprotocols: ["chat.v1", "chat.v2"] });
    const second = await connect(url);
    expect(first.subprotocol).toBe("chat.v2");
    for (const client of [first, second]) {
      expect(await client.receive({ timeoutMs: 5000 })).toEqual({ type: "message", data: "welcome" });
    }
    first.send("hello");
    expect(await second.receive({ timeoutMs: 5000 })).toEqual({ type: "message", data: "hello" });
    await Promise.all([first.close(), second.close()]);
  });
});

describe("the names of the page", () => {
  it("are settings of a connection, where they look like one", () => {
    const known = new Set([
      ...Object.keys(defaultConnectionSettings),
      "connectTimeoutMs",
      "timeoutMs",
      "drainWindowMs",
      "deadlineMs",
      "silentForMs",
      "silentMs",
      "ageMs",
    ]);
    const used = ours.match(/\b[a-z]+[A-Za-z]*Ms\b|\bmax[A-Za-z]+Bytes\b|\b(?:high|low)WaterBytes\b/g) ?? [];
    expect(used.length).toBeGreaterThan(20);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  it("are failures of the catalogue, where they look like one", () => {
    const used = page.match(/`(?:frame|handshake|proxy|message)-[a-z0-9-]+`/g) ?? [];
    expect(used.length).toBeGreaterThan(8);
    const unknown = used.filter((name) => !(name.slice(1, -1) in engineFailures.definitions));
    expect(unknown).toEqual([]);
  });

  it("are functions of the frame helpers, where they look like one", () => {
    const used = page.match(/`(?:create[A-Z]\w+|pack|unpack|decodeFrame)`/g) ?? [];
    expect(used.length).toBeGreaterThan(5);
    expect(used.filter((name) => !(name.slice(1, -1) in frames))).toEqual([]);
  });
});
