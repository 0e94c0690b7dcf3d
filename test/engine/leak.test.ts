/**
 * Connections in bulk that end in every way: reset inside the request, right after the 101, in the middle of a frame, with
 * a polite Close, or with a FIN. Afterwards the server holds nothing of them.
 */
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { type Engine, startEngine } from "../support/engine.ts";
import { clientFrame, upgradeRequest } from "../support/wire-client.ts";

/** As many as the time allows, on a machine that is busy with other tests too: each takes about 0.5 ms for both ends. */
const most = 100_000;
const timeMs = 50_000;
const least = 5000;
const concurrency = 64;

const upgrade = Buffer.from(upgradeRequest());
const frame = clientFrame("x".repeat(200));
const close = clientFrame(Buffer.from([0x03, 0xe8]), { opcode: 8 });

/** What the client does once so many bytes of answer have come; the 101 is more than 100 long. */
const endings: readonly { readonly first: Buffer; readonly proceed?: (socket: Socket) => void }[] = [
  { first: upgrade.subarray(0, 60) },
  { first: upgrade },
  { first: upgrade, proceed: (socket) => socket.resetAndDestroy() },
  {
    first: upgrade,
    proceed: (socket) => socket.write(frame.subarray(0, 40), () => socket.resetAndDestroy()),
  },
  { first: upgrade, proceed: (socket) => void socket.end(close) },
  { first: upgrade, proceed: (socket) => void socket.end(frame) },
];

function runClient(port: number, index: number): Promise<void> {
  return new Promise((resolve) => {
    const { first, proceed } = endings[index % endings.length]!;
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.on("connect", () => {
      // Without a continuation the reset chases the request.
      socket.write(first, proceed ? undefined : () => socket.resetAndDestroy());
    });
    if (proceed) socket.once("data", () => proceed(socket));
    else socket.resume();
  });
}

describe("connections in bulk", () => {
  it(`leave nothing behind, up to ${most} of them`, { timeout: 2 * timeMs }, async ({ annotate }) => {
    const engine: Engine = await startEngine({
      maxConnectionsPerIp: 10 * concurrency,
      pingIntervalMs: 1000,
      deflate: true,
      route: {
        // Every third decision takes a turn, so that clients also leave while the hook runs.
        upgrade: () => (Math.random() < 1 / 3 ? new Promise((resolve) => setImmediate(resolve)) : undefined),
        open: (connection) => engine.server.topics.subscribe(connection, "all"),
        message: (connection, data) => void connection.send(data),
      },
    });
    const listeners = (): number =>
      process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
    const before = listeners();
    const startedAt = performance.now();
    let count = 0;
    const run = async (): Promise<void> => {
      while (count < most && performance.now() - startedAt < timeMs) {
        count += 1;
        if (count % 500 === 0) engine.server.topics.publish("all", "y".repeat(2000));
        await runClient(engine.port, count);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, run));
    await engine.untilEmpty();
    await annotate(`${count} connections`);
    expect(count).toBeGreaterThan(least);
    expect(engine.server.held).toEqual({ connections: 0, handshakes: 0, deadlines: 0, addresses: 0 });
    expect(engine.server.topics.names).toEqual([]);
    expect(listeners()).toBe(before);
    // Whoever was opened was told of the end exactly once, and every way to end was reached.
    expect(engine.closeReports.length).toBe(engine.openedCount);
    expect(engine.closeReports.filter(({ wasClean }) => wasClean).length).toBeGreaterThan(count / 10);
    expect(new Set(engine.names)).toEqual(
      new Set([
        "handshake-client-gone",
        "tcp-reset",
        "close-without-frame",
        ...engine.names.filter(isExpected),
      ]),
    );
    expect(engine.names.every(isExpected)).toBe(true);
  });
});

/** A reset may also be seen as bytes that end inside a frame, and a pending answer as one that nobody takes. */
function isExpected(name: string): boolean {
  return ["handshake-client-gone", "tcp-reset", "close-without-frame", "stream-truncated-frame"].includes(
    name,
  );
}
