/** `antiphon bench` as its users run it, against a server of ours and a plain one. */
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocketServer } from "ws";
import { type AntiphonProcess, runAntiphon } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";

interface Report {
  connections: { wanted: number; opened: number };
  messages: { sent: number; expected: number; received: number; latency?: { p50Ms: number; maxMs: number } };
  failures: { name: string; count: number }[];
}

const app = { id: "1001", key: "app-key", secret: "app-secret" };
const short = ["--duration", "0.5", "--rate", "40", "--json"];
const env = { PATH: process.env["PATH"] ?? "" };
let server: AntiphonProcess;

beforeAll(async () => {
  server = await startConfiguredServer({ apps: [app] });
});

afterAll(() => server.stop());

async function bench(...args: string[]): Promise<{ code: number | null; report: Report; stderr: string }> {
  const { code, stdout, stderr } = await runAntiphon(["bench", ...args], { env });
  return { code, report: (stdout === "" ? {} : JSON.parse(stdout)) as Report, stderr };
}

function pusher(secret: string, key = app.key): string[] {
  const url = `ws://127.0.0.1:${server.port}`;
  return [url, "--app-id", app.id, "--key", key, "--secret", secret, ...short];
}

describe("antiphon bench", () => {
  it("publishes to all its connections, counts every delivery, and ends with 0", async () => {
    const { code, report, stderr } = await bench(...pusher(app.secret), "--connections", "20");
    expect(report.failures).toEqual([]);
    expect(report.connections).toMatchObject({ wanted: 20, opened: 20 });
    expect(report.messages).toMatchObject({ sent: 20, expected: 400, received: 400 });
    expect(report.messages.latency?.p50Ms).toBeGreaterThan(0);
    expect(stderr).toContain("sending: 20 connections");
    expect(code).toBe(0);
  });

  it("signs subscriptions to presence channels", async () => {
    const { report } = await bench(...pusher(app.secret), "--connections", "3", "--channel", "presence-load");
    expect(report.messages).toMatchObject({ expected: 60, received: 60 });
  });

  it("counts refused publishes by name, and ends with 1", async () => {
    const { code, report } = await bench(...pusher("wrong"), "--connections", "2");
    expect(report.failures).toMatchObject([{ name: "api-signature-mismatch", count: 20 }]);
    expect(report.messages).toMatchObject({ sent: 20, expected: 0, received: 0 });
    expect(code).toBe(1);
  });

  it("counts refused connections by name, and ends with 3 when none opened", async () => {
    const { code, report } = await bench(...pusher(app.secret, "no-such-key"), "--connections", "4");
    expect(report.failures).toMatchObject([{ name: "app-key-unknown", count: 4 }]);
    expect(report.connections).toMatchObject({ wanted: 4, opened: 0 });
    expect(code).toBe(3);
  });

  it("measures a plain server that echoes", async () => {
    const plain = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => plain.close());
    plain.on("connection", (client) =>
      client.on("message", (data, isBinary) => client.send(data, { binary: isBinary })),
    );
    await once(plain, "listening");
    const url = `ws://127.0.0.1:${(plain.address() as AddressInfo).port}`;
    const { code, report } = await bench(url, "--echo", "--connections", "5", ...short);
    expect(report.messages).toMatchObject({ sent: 20, expected: 20, received: 20 });
    expect(code).toBe(0);
  });

  it("counts connections that the server ends", async () => {
    const plain = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => plain.close());
    plain.on("connection", (client) => client.on("message", () => client.close(1011)));
    await once(plain, "listening");
    const url = `ws://127.0.0.1:${(plain.address() as AddressInfo).port}`;
    const { code, report } = await bench(url, "--echo", "--connections", "2", ...short);
    expect(report.failures).toMatchObject([{ name: "close-internal-error", count: 2 }]);
    expect(code).toBe(1);
  });

  it("does not touch a server on another machine without its owner's word", async () => {
    const { code, stderr } = await bench("ws://192.0.2.1:6001/app/key", "--echo");
    expect(stderr).toContain("--i-own-this-server");
    expect(code).toBe(2);
  });

  it("says which value of an option it cannot take", async () => {
    const { code, stderr } = await bench("--connections", "1000000");
    expect(stderr).toContain("Give a whole number from 1 to 60000.");
    expect(code).toBe(2);
  });
});
