/** Workers that die, leave, reload and stop, and what their clients and the others see of it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { runAntiphon } from "../support/antiphon-process.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectRawClient, pusherUrl } from "../support/raw-client.ts";
import { createCertificate, hasOpenssl } from "../support/tls-certificates.ts";
import { WebhookRecorder } from "../support/webhook-recorder.ts";
import { connectPair, connectToBoth, startWorkers, type WorkerServer } from "./worker-server.ts";

// Three processes start for a server.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const app = { id: "78", key: "life-key", secret: "life-secret" };

let server: WorkerServer | undefined;
const hooks = new WebhookRecorder();

afterEach(() => server?.stop());
// The server has told of the last departures by then.
afterAll(() => hooks.stop());

async function start(settings: Readonly<Record<string, unknown>> = {}, apps: object[] = []) {
  server = await startWorkers([{ ...app, ...apps[0] }], settings);
  return server;
}

describe("a worker that is killed", () => {
  it("takes its members with it, once; the others go on, and another worker takes its place", async () => {
    const url = await hooks.start();
    const eventTypes = ["channel_occupied", "channel_vacated", "member_added", "member_removed"];
    const running = await start({}, [{ webhooks: [{ url, eventTypes, debounceMs: 100 }] }]);
    const backend = createPublisher(running, app);
    const [dying, staying] = await connectPair(running, app.key);
    dying.client.subscribe("only-there");
    await dying.client.next();
    for (const [{ client, socketId }, user_id] of [
      [staying, "stays"],
      [dying, "dies"],
    ] as const) {
      const signed = backend.authorizeChannel(socketId, "presence-room", { user_id });
      client.subscribe("presence-room", signed);
      await client.next();
      // The processes hear of the two over links of their own: only so is one first for all of them.
      await hooks.until("presence-room", "member_added", { user_id });
    }
    expect(await staying.client.next()).toContain('\\"user_id\\":\\"dies\\"');

    process.kill(running.pids().get(dying.worker)!, "SIGKILL");
    expect(await dying.client.closed).toMatchObject({ code: 1006 });
    expect(await staying.client.next()).toBe(
      '{"event":"pusher_internal:member_removed","channel":"presence-room","data":"{\\"user_id\\":\\"dies\\"}"}',
    );
    await hooks.until("only-there", "channel_vacated");
    await hooks.until("presence-room", "member_removed");
    expect(hooks.about("presence-room").map(({ name, user_id }) => [name, user_id])).toEqual([
      ["channel_occupied", undefined],
      ["member_added", "stays"],
      ["member_added", "dies"],
      ["member_removed", "dies"],
    ]);
    expect(running.output()).toContain('"failure":"cluster-worker-lost"');
    expect(running.output()).toContain('"ending":"SIGKILL"');

    await running.listened(dying.worker, 2);
    const clients = await connectToBoth(running, app.key, 1);
    for (const { client } of clients) client.subscribe("after");
    for (const { client } of clients) await client.next();
    await backend.trigger("after", "event", {});
    for (const { client } of clients) expect(await client.next()).toContain('"event":"event"');
    expect(await staying.client.settle()).toEqual([]);
  });
});

describe("SIGTERM to one worker after the other", () => {
  it("renews the server: their clients are sent on with 4200, and find another worker", async () => {
    const running = await start();
    for (const worker of [1, 2]) {
      const [one, two] = await connectPair(running, app.key);
      const [leaving, staying] = worker === 1 ? [one, two] : [two, one];
      process.kill(running.pids().get(worker)!, "SIGTERM");
      expect(await leaving.client.closed).toMatchObject({ code: 4200 });
      const { client } = await connectRawClient(pusherUrl(running, app.key));
      expect(await client.settle()).toEqual([]);
      expect(await staying.client.settle()).toEqual([]);
      await running.listened(worker, 2);
      await Promise.all([client.close(), staying.client.close()]);
    }
    expect(running.output()).not.toContain("cluster-worker-lost");
  });
});

describe("SIGTERM to the server", () => {
  it("sends the clients of all workers away with 4200 and ends with exit code 0", async () => {
    const running = await start();
    const clients = await connectToBoth(running, app.key, 3);
    const exitCode = running.stop();
    for (const { client } of clients) expect(await client.closed).toMatchObject({ code: 4200 });
    expect(await exitCode).toBe(0);
    for (const pid of running.pids().values()) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    expect(running.output()).not.toContain("cluster-worker-lost");
  });
});

describe("SIGHUP", () => {
  it("reloads all workers: an app that is gone is gone on each", async () => {
    const running = await start();
    const clients = await connectToBoth(running, app.key, 1);
    await running.reconfigure({ apps: [{ ...app, enabled: false }] });
    process.kill(running.pid, "SIGHUP");
    for (const { client } of clients) expect(await client.closed).toMatchObject({ code: 4003 });
    await running.printed("configuration reloaded");
  });
});

describe("a port that is taken", () => {
  it("is named, as it is without workers, and nothing is left running", async () => {
    const running = await start();
    const args = ["start", "--workers", "2", "--port", String(running.port), "--metrics-port", "0"];
    const { code, stderr } = await runAntiphon(args);
    expect(code).toBe(3);
    expect(stderr).toContain('"failure":"listen-address-in-use"');
  });
});

describe.skipIf(!hasOpenssl)(`TLS${hasOpenssl ? "" : " (skipped: openssl is not on PATH)"}`, () => {
  it("is spoken by every worker, with the certificate of the last reload", async () => {
    const folder = await mkdtemp(join(tmpdir(), "antiphon-workers-tls-"));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const install = async (): Promise<Buffer> => {
      const made = createCertificate("localhost");
      await Promise.all([writeFile(cert, made.cert), writeFile(key, made.key)]);
      return made.cert;
    };
    /** How many of twenty clients that trust only this certificate are greeted; enough of them to meet both workers. */
    const countGreeted = async (running: WorkerServer, ca: Buffer): Promise<number> => {
      const url = `wss://127.0.0.1:${running.port}/app/${app.key}?protocol=7`;
      const greeted = Array.from({ length: 20 }, async () => {
        const websocket = new WebSocket(url, { agent: new Agent({ ca, servername: "localhost" }) });
        const greeting = await new Promise<string>((resolve, reject) => {
          websocket.on("error", reject).on("message", (data: Buffer) => resolve(data.toString("utf8")));
        });
        websocket.terminate();
        return greeting.includes("connection_established");
      });
      return (await Promise.all(greeted)).filter(Boolean).length;
    };
    try {
      const first = await install();
      const running = await start({ tls: { cert, key } });
      expect(await countGreeted(running, first)).toBe(20);
      const second = await install();
      process.kill(running.pid, "SIGHUP");
      await running.printed("configuration reloaded");
      expect(await countGreeted(running, second)).toBe(20);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
