/** Who is let in on a started server: those who have yet to sign in wait in a room of their own, and the log says what they call themselves. */
import { describe, expect, it, onTestFinished } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { type ServerSettings, startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectRawClient, pusherUrl, RawClient } from "../support/raw-client.ts";
import { openWire } from "../support/wire-client.ts";

const app = { id: "31", key: "waiting-key", secret: "waiting-secret" };

async function start(settings: ServerSettings): Promise<AntiphonProcess> {
  const server = await startConfiguredServer(settings);
  onTestFinished(async () => void (await server.stop()));
  return server;
}

describe("an app that demands a signin", () => {
  const connection = {
    requireUserAuthentication: true,
    maxUnauthenticatedConnections: 1,
    maxConnections: 1,
  };

  it("lets as many wait for it as it allows, tells more to come back, and counts only those who did", async () => {
    const server = await start({ apps: [{ ...app, connection }] });
    const url = pusherUrl(server, app.key);
    const { client: first, socketId } = await connectRawClient(url);

    const tooMany = new RawClient(url);
    expect(await tooMany.next()).toBe(
      '{"event":"pusher:error","data":{"code":4100,"message":"1 connections of this app still have to sign in, as many as may wait."}}',
    );
    expect(await tooMany.closed).toMatchObject({ code: 4100 });

    const backend = createPublisher(server, app);
    first.send({ event: "pusher:signin", data: backend.authenticateUser(socketId, { id: "1" }) });
    expect(await first.next()).toContain("pusher:signin_success");

    const full = new RawClient(url);
    expect(await full.next()).toContain('"code":4004');
    expect(await full.closed).toMatchObject({ code: 4004 });
    expect(await first.settle()).toEqual([]);
  });
});

describe("a full server", () => {
  it("counts who was let in, not who was refused and stays to the end of the closing handshake", async () => {
    const server = await start({ apps: [app], limits: { maxConnections: 1 } });
    // It leaves the Close frame without an answer.
    const refused = await openWire(server.port, "/app/nobody?protocol=7");
    expect(await refused.next()).toContain('"code":4001');
    await connectRawClient(pusherUrl(server, app.key));

    const tooMany = new RawClient(pusherUrl(server, app.key));
    expect(await tooMany.next()).toContain('"code":4100');
  });
});

describe("the log", () => {
  it("says at level debug which library a client uses, and no more of it than fits", async () => {
    const server = await start({ apps: [app], log: { level: "debug" } });
    const { client, socketId } = await connectRawClient(
      pusherUrl(server, app.key, `protocol=7&client=js&version=${"8".repeat(1000)}`),
    );
    await server.printed('"msg":"client connected"');
    const line = server
      .output()
      .split("\n")
      .find((text) => text.includes('"client connected"'));
    expect(JSON.parse(line ?? "")).toMatchObject({
      level: "debug",
      appId: app.id,
      socketId,
      protocol: 7,
      client: "js",
      version: `${"8".repeat(64)}…`,
    });
    await client.close();
  });

  it("says it also of a client that is refused", async () => {
    const server = await start({ apps: [app] });
    const refused = new RawClient(pusherUrl(server, "nobodys-key", "protocol=7&client=ios&version=1.2"));
    await refused.closed;
    await server.printed('"client":"ios","version":"1.2"');
  });
});
