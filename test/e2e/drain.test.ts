/** What clients, publishers and the operator see of a server that is told to stop or to reload. */
import { afterEach, describe, expect, it } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectRawClient, pusherUrl, RawClient } from "../support/raw-client.ts";

const app = { id: "16", key: "drain-key", secret: "drain-secret" };

let server: AntiphonProcess | undefined;

afterEach(() => server?.stop());

async function start(shutdownGraceMs: number): Promise<AntiphonProcess> {
  server = await startConfiguredServer({ apps: [app], server: { shutdownGraceMs } });
  return server;
}

const drained = {
  message: '{"event":"pusher:error","data":{"code":4200,"message":"This server is shutting down."}}',
  close: { code: 4200, reason: "This server is shutting down." },
};

const notAccepted = {
  message:
    '{"event":"pusher:error","data":{"code":4100,"message":"This server is shutting down and takes no new connections."}}',
  close: { code: 4100, reason: "This server is shutting down and takes no new connections." },
};

describe("SIGTERM", () => {
  it("sends every client away with 4200 and ends with exit code 0", async () => {
    const server = await start(100);
    const clients = await Promise.all(
      Array.from({ length: 20 }, async () => (await connectRawClient(pusherUrl(server, app.key))).client),
    );
    const exitCode = server.stop();
    for (const client of clients) {
      expect(await client.next()).toBe(drained.message);
      expect(await client.closed).toEqual(drained.close);
    }
    expect(await exitCode).toBe(0);
    expect(server.output()).toContain('"clean":20,"forced":0');
  });

  it("leaves those who wait for their turn connected, and refuses newcomers and publishers", async () => {
    // Of two clients the first is sent away at once, the second half an hour later.
    const server = await start(3_600_000);
    const [one, other] = await Promise.all([
      connectRawClient(pusherUrl(server, app.key)),
      connectRawClient(pusherUrl(server, app.key)),
    ]);
    const exitCode = server.stop();
    const left = await Promise.race([one, other].map(async (each) => each.client.closed.then(() => each)));
    const { client } = left === one ? other : one;

    const ready = await fetch(`http://127.0.0.1:${server.port}/ready`);
    expect(ready.status).toBe(503);
    const newcomer = new RawClient(pusherUrl(server, app.key));
    expect(await newcomer.next()).toBe(notAccepted.message);
    expect(await newcomer.closed).toEqual(notAccepted.close);

    await expect(createPublisher(server, app).trigger("room", "event", {})).rejects.toMatchObject({
      status: 503,
      body: expect.stringContaining("The server is draining."),
    });
    expect(await client.settle()).toEqual([]);

    process.kill(server.pid, "SIGTERM");
    expect(await client.closed).toMatchObject({ code: 1006 });
    // The second signal ended it by force.
    expect(await exitCode).toBe(3);
  });

  it("does not end before it has told which webhooks are lost", async () => {
    // Nobody listens on port 1, and nothing but the webhook keeps the process from ending.
    const webhooks = [{ url: "http://127.0.0.1:1/", eventTypes: ["channel_occupied"] }];
    server = await startConfiguredServer({ apps: [{ ...app, webhooks }], metrics: { enabled: false } });
    const { client } = await connectRawClient(pusherUrl(server, app.key));
    client.subscribe("room");
    await server.printed("webhook-connection-failed");
    expect(await server.stop()).toBe(0);
    expect(server.output()).toContain("webhook-lost-on-shutdown");
    expect(server.output()).toContain('"msg":"stopped"');
  });

  it("ends the wait of a client that asks for something new", async () => {
    const server = await start(3_600_000);
    const clients = await Promise.all(
      [1, 2].map(async () => (await connectRawClient(pusherUrl(server, app.key))).client),
    );
    const exitCode = server.stop();
    await Promise.race(clients.map((client) => client.closed));
    for (const client of clients) client.subscribe("too-late");
    for (const client of clients) expect(await client.closed).toEqual(drained.close);
    expect(await exitCode).toBe(0);
  });
});

describe("SIGHUP", () => {
  it("reloads the configuration and disturbs nobody", async () => {
    const server = await start(100);
    const { client } = await connectRawClient(pusherUrl(server, app.key));
    process.kill(server.pid, "SIGHUP");
    await server.printed("configuration reloaded");
    expect(await client.settle()).toEqual([]);
    await client.close();
  });
});
