import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createDeferred } from "../../../../test/support/deferred.ts";
import { ManualClock, settle } from "../../../../test/support/manual-clock.ts";
import { ReconnectingWebSocket } from "./reconnecting-websocket.ts";
import type { WebSocketConstructor, WebSocketEventLike, WebSocketLike } from "./websocket-like.ts";

/** A WebSocket of a page that the test opens and closes. */
class FakeWebSocket implements WebSocketLike {
  static readonly created: FakeWebSocket[] = [];
  binaryType = "blob";
  bufferedAmount = 0;
  readonly protocol = "";
  readyState = 0;
  closedWith: unknown[] | undefined;
  readonly #listeners = new Map<string, (event: WebSocketEventLike) => void>();

  constructor(url: string) {
    if (url.includes("forbidden")) throw Object.assign(new Error("mixed"), { name: "SecurityError" });
    FakeWebSocket.created.push(this);
  }

  addEventListener(type: string, listener: (event: WebSocketEventLike) => void): void {
    this.#listeners.set(type, listener);
  }

  dispatch(type: string, event: object = {}): void {
    if (type === "open") this.readyState = 1;
    this.#listeners.get(type)?.({ type, ...event });
  }

  send(): void {
    this.bufferedAmount += 100_000;
  }

  close(...close: unknown[]): void {
    this.closedWith = close;
  }
}

function create(url = "wss://a.example", events?: EventTarget) {
  FakeWebSocket.created.length = 0;
  const clock = new ManualClock();
  const log: unknown[] = [];
  const client = new ReconnectingWebSocket(url, {
    webSocket: FakeWebSocket,
    clock,
    ...(events && { networkEvents: events }),
    handlers: {
      state: (state) => log.push(state),
      waiting: ({ loss }) => log.push(loss.failure?.name),
      stopped: ({ failure }) => log.push(failure?.name),
    },
  });
  return { client, clock, log };
}

describe("reconnecting WebSocket of a browser", () => {
  it("takes the WebSocket of the DOM as it is typed", () => {
    const ofThePage: WebSocketConstructor | undefined = globalThis.WebSocket;
    expect(ofThePage === undefined || typeof ofThePage === "function").toBe(true);
  });

  it("comes back when a handshake fails, and says that the browser does not say why", async () => {
    const { client, clock, log } = create();
    client.start();
    await settle();
    FakeWebSocket.created[0]!.dispatch("error");
    FakeWebSocket.created[0]!.dispatch("close", { code: 1006, reason: "" });
    await settle();
    await clock.advance(1000);
    FakeWebSocket.created[1]!.dispatch("open");
    await settle();
    expect(log).toEqual(["connecting", "waiting", "browser-connect-failed", "connecting", "open"]);
  });

  it("gives an attempt up after its time, and closes it", async () => {
    const { client, clock, log } = create();
    client.start();
    await settle();
    await clock.advance(10_000);
    expect(FakeWebSocket.created[0]!.closedWith).toEqual([]);
    expect(log.at(-1)).toBe("response-timeout");
  });

  it("stops at a URL that the page must not open", async () => {
    const { client, log } = create("ws://forbidden.example");
    client.start();
    await settle();
    expect(log).toEqual(["connecting", "stopped", "mixed-content-blocked"]);
  });

  it("tries at once when the network is back", async () => {
    const events = new EventTarget();
    const { client, clock } = create("wss://a.example", events);
    client.start();
    await settle();
    FakeWebSocket.created[0]!.dispatch("close", { code: 1006, reason: "" });
    await settle();
    events.dispatchEvent(new Event("offline"));
    await clock.advance(1e6);
    expect(FakeWebSocket.created).toHaveLength(1);
    events.dispatchEvent(new Event("online"));
    await settle();
    expect(FakeWebSocket.created).toHaveLength(2);
    client.stop();
  });

  it("sends until the platform buffers too much, and closes with codes of pages only", async () => {
    const { client } = create();
    client.start();
    await settle();
    FakeWebSocket.created[0]!.dispatch("open");
    await settle();
    expect(client.send("x")).toBe("queued");
    FakeWebSocket.created[0]!.bufferedAmount = 2 ** 20;
    expect(client.send("x")).toBe("dropped");
    expect(() => client.stop(1001)).toThrow(/close-code-not-allowed/);
    expect(client.state).toBe("open");
    client.stop(4000, "bye");
    expect(FakeWebSocket.created[0]!.closedWith).toEqual([4000, "bye"]);
  });

  it("talks to a real server through the ws package", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => server.close());
    server.on("connection", (peer) => {
      peer.on("message", (data, isBinary) => peer.send(data, { binary: isBinary }));
    });
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const echoes = createDeferred();
    const received: unknown[] = [];
    const client = new ReconnectingWebSocket(`ws://127.0.0.1:${port}`, {
      webSocket: WebSocket,
      handlers: {
        open: (session) => {
          session.send("text");
          session.send(new Uint8Array([1, 2]));
        },
        message: (data) => {
          if (received.push(data) === 2) echoes.resolve();
        },
      },
    });
    client.start();
    await echoes.promise;
    expect(received).toEqual(["text", new Uint8Array([1, 2])]);
    client.stop();
  });

  it("imports nothing of Node", () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const text = readFileSync(file, "utf8");
      for (const [statement, path = ""] of text.matchAll(/^(?:import|export)[^;]*? from "([^"]+)";/gm)) {
        if (/^(?:import|export) type /.test(statement)) continue;
        expect(path, `${file} imports it`).toMatch(/^\.\.?\//);
        visit(join(dirname(file), path));
      }
    };
    visit(join(dirname(fileURLToPath(import.meta.url)), "index.ts"));
    expect(seen.size).toBeGreaterThan(10);
  });
});
