import { describe, expect, it, onTestFinished } from "vitest";
import { createDeferred } from "../../../../test/support/deferred.ts";
import { ManualClock, settle } from "../../../../test/support/manual-clock.ts";
import { readHeader, startRawServer, switchProtocols } from "../../../../test/support/raw-server.ts";
import type { StopReport } from "./reconnect-options.ts";
import { ReconnectingClient } from "./reconnecting-client.ts";

describe("reconnecting client over real sockets", () => {
  it("comes back after a 503 and a lost connection, and delivers messages of each", async () => {
    const clock = new ManualClock();
    const messages = createDeferred();
    const received: unknown[] = [];
    let attempts = 0;
    const server = await startRawServer((request, socket) => {
      attempts += 1;
      if (attempts === 1) socket.end("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
      else {
        const frame = Buffer.from([0x81, 0x01, 0x30 + attempts]);
        socket.write(Buffer.concat([Buffer.from(switchProtocols(request)), frame]));
        if (attempts === 2) socket.end();
      }
    });
    const waits: number[] = [];
    const client = new ReconnectingClient(`ws://127.0.0.1:${server.port}`, {
      clock,
      connect: { headers: { "X-Trace": "7" } },
      refresh: ({ loss }) => ({ connect: { headers: { "X-After": loss?.type ?? "nothing" } } }),
      handlers: {
        message: (data) => {
          if (received.push(data) === 2) messages.resolve();
        },
        waiting: ({ delayMs }) => {
          waits.push(delayMs);
          void settle().then(() => clock.advance(delayMs));
        },
      },
    });
    onTestFinished(() => client.stop());
    client.start();
    await messages.promise;
    expect(received).toEqual(["2", "3"]);
    expect(waits[0]).toBe(8000);
    expect(server.requests.map((request) => readHeader(request, "x-after"))).toEqual([
      "nothing",
      "refused",
      "ended",
    ]);
  });

  it.each([
    ["ws://a.example/#x", {}, "url-has-fragment"],
    ["wss://127.0.0.1", { localAddress: "nonsense" }, "connect-options-invalid"],
  ])("stops at a mistake of the caller's: %s %o", async (url, connect, code) => {
    const stopped = createDeferred<StopReport>();
    new ReconnectingClient(url, {
      connect,
      handlers: { stopped: (report) => stopped.resolve(report) },
    }).start();
    expect((await stopped.promise).failure?.name).toBe(code);
  });
});
