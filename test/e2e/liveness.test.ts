/** Who is alive and who is gone, on a started server with short times: clients that never answer `pusher:ping`, and silent ones. */
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectRawClient, pusherUrl } from "../support/raw-client.ts";

const timing = { pingIntervalMs: 100, pongTimeoutMs: 100 };
const app = { id: "33", key: "liveness-key", secret: "liveness-secret", connection: timing };

let server: AntiphonProcess;

beforeAll(async () => {
  server = await startConfiguredServer({ apps: [app] });
});

afterAll(() => server.stop());

/** Joins a presence channel as a user, with the SDK's signature. */
async function join(channel: string, user_id: string, autoPong = true) {
  const { client, socketId } = await connectRawClient(pusherUrl(server, app.key), { autoPong });
  client.subscribe(channel, createPublisher(server, app).authorizeChannel(socketId, channel, { user_id }));
  await client.next();
  return client;
}

describe("an idle client", () => {
  it("that answers WebSocket pings and never pusher:ping stays, as Java's and Swift's do", async () => {
    const websocket = new WebSocket(pusherUrl(server, app.key, "protocol=5&client=java-client"));
    onTestFinished(() => websocket.terminate());
    const messages: string[] = [];
    websocket.on("message", (data: Buffer) => messages.push(data.toString("utf8")));
    // Each ping that went unanswered would have ended it; nothing else is sent in either direction.
    for (let pings = 0; pings < 4; pings += 1) await once(websocket, "ping");
    expect(websocket.readyState).toBe(WebSocket.OPEN);
    expect(messages).toEqual([expect.stringContaining("pusher:connection_established")]);
  });

  it("that answers nothing is gone within the two times, and the others hear that the member left", async () => {
    const observer = await join("presence-room", "observer");
    const silent = await join("presence-room", "silent", false);
    expect(await observer.next()).toContain("member_added");
    const joinedAt = performance.now();
    expect(await observer.next()).toBe(
      '{"event":"pusher_internal:member_removed","channel":"presence-room","data":"{\\"user_id\\":\\"silent\\"}"}',
    );
    // Not before it could have answered; how much later is a matter of how busy the machine is.
    expect(performance.now() - joinedAt).toBeGreaterThan(timing.pongTimeoutMs);
    expect(await silent.closed).toMatchObject({ code: 4201 });
    const users = await createPublisher(server, app).get({ path: "/channels/presence-room/users" });
    expect(await users.json()).toEqual({ users: [{ id: "observer" }] });
  });

  it("is not kept alive by what it is sent", async () => {
    const silent = await join("presence-busy", "silent", false);
    const backend = createPublisher(server, app);
    const ended = silent.closed.then(() => true);
    const publish = (): Promise<boolean> => backend.trigger("presence-busy", "noise", {}).then(() => false);
    while (!(await Promise.race([ended, publish()])));
    expect(await silent.closed).toMatchObject({ code: 4201 });
  });
});
