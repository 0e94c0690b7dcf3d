/** The echo client of the examples against a small fuzzing server that speaks like the public suite's. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";

const script = fileURLToPath(new URL("../../examples/echo-client/client.mjs", import.meta.url));

let suite: WebSocketServer | undefined;

afterEach(() => suite?.close());

/** Each case gets a connection and says what was wrong, if anything. */
type Case = (socket: WebSocket) => Promise<void>;

async function expectEcho(socket: WebSocket, data: string | Buffer): Promise<void> {
  socket.send(data);
  const [echo, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
  expect(isBinary).toBe(typeof data !== "string");
  expect(echo.equals(Buffer.from(data))).toBe(true);
}

async function run(cases: readonly Case[], args: readonly string[] = []): Promise<string> {
  const failures: unknown[] = [];
  suite = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    perMessageDeflate: { threshold: 0 },
    maxPayload: 1 << 26,
  });
  let reported = false;
  suite.on("connection", (socket, request) => {
    const url = new URL(request.url ?? "", "ws://suite");
    if (url.pathname === "/getCaseCount") {
      socket.send(String(cases.length));
      socket.close(1000);
    } else if (url.pathname === "/runCase") {
      expect(url.searchParams.get("agent")).toBe("tested");
      const test = cases[Number(url.searchParams.get("case")) - 1]!;
      test(socket)
        .catch((error: unknown) => failures.push(error))
        .finally(() => socket.close(1000));
    } else {
      reported = url.pathname === "/updateReports";
      socket.close(1000);
    }
  });
  await once(suite, "listening");
  const { port } = suite.address() as AddressInfo;
  const child = spawn(process.execPath, [script, `ws://127.0.0.1:${port}`, "tested", ...args]);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [exitCode] = (await once(child, "close")) as [number];
  expect(failures).toEqual([]);
  expect(exitCode, output).toBe(0);
  expect(reported).toBe(true);
  return output;
}

describe("examples/echo-client", () => {
  it("runs every case on a connection of its own and echoes text, binary and large messages compressed", async () => {
    const output = await run([
      (socket) => expectEcho(socket, "hello"),
      (socket) => expectEcho(socket, Buffer.alloc(65_536, 0xfe)),
      (socket) => expectEcho(socket, "x".repeat(2_000_000)),
      async (socket) => {
        expect(socket.extensions).toContain("permessage-deflate");
        for (let i = 0; i < 50; i += 1)
          await expectEcho(socket, JSON.stringify({ i, text: "again and again" }));
      },
    ]);
    expect(output).toContain("4 cases done, report updated");
  });

  it("offers no compression with --no-deflate, and keeps to the message limit", async () => {
    const output = await run(
      [
        async (socket) => expect(socket.extensions).toBe(""),
        async (socket) => {
          socket.send("x".repeat(1001));
          const [code, reason] = (await once(socket, "close")) as [number, Buffer];
          expect([code, reason.toString()]).toEqual([1009, "message-too-large"]);
        },
      ],
      ["--no-deflate", "--max-message", "1000"],
    );
    expect(output).toContain("case 2 of 2: 1009 message-too-large");
  });
});
