import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { startReceiver, type WebhookReceiver } from "./webhook-receiver.test.harness.ts";
import { describeTarget, HttpWebhookSender, type SendResult } from "./webhook-sender.ts";

let receiver: WebhookReceiver;
let clock: ManualClock;
let sender: HttpWebhookSender;

beforeEach(async () => {
  receiver = await startReceiver();
  clock = new ManualClock();
  sender = createSender();
});

afterEach(async () => {
  sender.close();
  await receiver.stop();
});

function createSender(denyPrivateAddresses = false, maxConcurrentRequests = 16) {
  return new HttpWebhookSender({ timeoutMs: 10_000, maxConcurrentRequests, denyPrivateAddresses }, clock);
}

function send(url = receiver.url): Promise<SendResult> {
  return sender.send({ url: new URL(url), headers: {}, body: '{"events":[]}' });
}

function nameOf(result: SendResult) {
  return result.ok ? "ok" : result.failure.name;
}

describe("an attempt", () => {
  it("succeeds with any 2xx, and leaves no timer", async () => {
    for (const status of [200, 202, 204]) {
      receiver.answer = (response) => {
        response.statusCode = status;
        response.end();
      };
      expect(await send()).toEqual({ ok: true, status });
    }
    await expect.poll(() => clock.pending).toBe(0);
  });

  it("fails with any other status, and follows no redirect", async () => {
    receiver.answer = (response) => {
      response.writeHead(302, { location: receiver.url });
      response.end();
    };
    expect(nameOf(await send())).toBe("webhook-redirected");
    expect(receiver.received).toHaveLength(1);
    receiver.answer = (response) => {
      response.statusCode = 404;
      response.end();
    };
    const result = await send();
    expect(result).toMatchObject({ ok: false, status: 404 });
    expect(nameOf(result)).toBe("webhook-refused");
  });

  it("fails when the receiver does not answer in time", async () => {
    receiver.answer = () => {};
    const result = send();
    await expect.poll(() => receiver.received).toHaveLength(1);
    clock.advance(10_000);
    expect(nameOf(await result)).toBe("webhook-timeout");
  });

  it("fails with the reason when nobody listens, or the name does not exist", async () => {
    const closed = createServer();
    closed.listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, "close");
    const result = await send(`http://127.0.0.1:${port}/hook?token=hunter2`);
    expect(nameOf(result)).toBe("webhook-connection-failed");
    expect(JSON.stringify(result)).toContain("ECONNREFUSED");
    expect(JSON.stringify(result)).not.toContain("hunter2");
  });

  it("fails when the connection breaks before the answer", async () => {
    receiver.answer = (response) => response.destroy();
    expect(nameOf(await send())).toBe("webhook-connection-failed");
  });

  it("cuts off an answer that does not end", async () => {
    const closed: unknown[] = [];
    receiver.answer = (response) => {
      response.on("close", () => closed.push(1));
      response.write("x".repeat(200_000));
    };
    expect(nameOf(await send())).toBe("ok");
    await expect.poll(() => closed).toHaveLength(1);
    await expect.poll(() => clock.pending).toBe(0);
  });

  it("waits in line when all connections are taken, without its time running out", async () => {
    sender = createSender(false, 1);
    const held: (() => void)[] = [];
    receiver.answer = (response) => held.push(() => response.end());
    const first = send();
    const second = send();
    await expect.poll(() => held).toHaveLength(1);
    expect(clock.pending).toBe(1);
    held[0]?.();
    expect(nameOf(await first)).toBe("ok");
    await expect.poll(() => held).toHaveLength(2);
    held[1]?.();
    expect(nameOf(await second)).toBe("ok");
  });

  it("is broken off by close", async () => {
    receiver.answer = () => {};
    const result = send();
    await expect.poll(() => receiver.received).toHaveLength(1);
    sender.close();
    expect(nameOf(await result)).toBe("webhook-connection-failed");
    expect(clock.pending).toBe(0);
  });
});

describe("private addresses, where they are denied", () => {
  for (const host of ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"]) {
    it(`are not connected to: ${host}`, async () => {
      sender = createSender(true);
      const url = new URL(receiver.url);
      const result = await send(`http://${host}:${url.port}/hook`);
      expect(nameOf(result)).toBe("webhook-address-denied");
      expect(receiver.received).toEqual([]);
    });
  }
});

describe("a target", () => {
  it("is named without credentials and query", () => {
    expect(describeTarget(new URL("https://user:pass@example.com/a?token=1"))).toBe("https://example.com/a");
  });
});
