import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { text as readText } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { testApp } from "../pusher/app.test.harness.ts";
import { signTarget, startApi, type TestApi } from "./http-api.test.harness.ts";
import type { HttpApiOptions } from "./http-api-options.ts";
import { maxDiscardedBytes } from "./request-body.ts";

const started: TestApi[] = [];

async function start(app = testApp(), overrides: Partial<Omit<HttpApiOptions, "server">> = {}) {
  const api = await startApi(app, overrides);
  started.push(api);
  return api;
}

function failToFind() {
  return Promise.reject(new Error("connection refused"));
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((api) => api.stop()));
});

const event = { name: "foo", channel: "project-3", data: "hello" };

describe("answers", () => {
  it("carry exactly the content type application/json and their exact length", async () => {
    const api = await start();
    const answer = await api.send("POST", "/apps/3/events", { ...event, data: "é" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("content-length")).toBe("2");
    expect(answer.text).toBe("{}");
  });

  it("serve a thousand requests on one socket", async () => {
    const api = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const body = JSON.stringify(event);
    const sockets = new Set<unknown>();
    for (let count = 0; count < 1000; count++) {
      const path = signTarget(api.app, "POST", "/apps/3/events", body);
      const sent = request({ port: api.port, host: "127.0.0.1", method: "POST", path, agent });
      sent.on("socket", (socket) => sockets.add(socket));
      sent.end(body);
      // The first argument of `response` is the message.
      const [response] = (await once(sent, "response")) as [NodeJS.ReadableStream & { statusCode: number }];
      expect(response.statusCode).toBe(200);
      await readText(response);
    }
    agent.destroy();
    expect(sockets.size).toBe(1);
    expect(api.hub.published).toHaveLength(1000);
  });

  it("tell metrics about each request by its route, not by its path", async () => {
    const api = await start();
    await api.send("POST", "/apps/3/events", event);
    await fetch(`${api.url}/nowhere`);
    await expect.poll(() => api.finished).toHaveLength(2);
    expect(api.finished[0]).toMatchObject({
      method: "POST",
      route: "/apps/:appId/events",
      status: 200,
      appId: "3",
      receivedBytes: JSON.stringify(event).length,
      sentBytes: 2,
    });
    expect(api.finished[1]).toMatchObject({ route: undefined, status: 404, appId: undefined });
  });

  it("tell metrics what came of a body, not what a stranger announced", async () => {
    const api = await start();
    await api.exchange(
      "POST /apps/3/events HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000000\r\n\r\n",
      /"code":413/,
    );
    await expect.poll(() => api.finished).toHaveLength(1);
    expect(api.finished[0]).toMatchObject({ status: 413, receivedBytes: 0 });

    const text = JSON.stringify(event);
    const target = signTarget(api.app, "POST", "/apps/3/events", text);
    // Node demands `duplex` for a streamed body; the DOM's types do not know it yet.
    const chunked = { method: "POST", body: new Blob([text]).stream(), duplex: "half" } as RequestInit;
    await fetch(api.url + target, chunked);
    await expect.poll(() => api.finished).toHaveLength(2);
    expect(api.finished[1]).toMatchObject({ status: 200, receivedBytes: text.length });
  });
});

describe("request bodies", () => {
  const body = JSON.stringify({ ...event, data: "x".repeat(2000) });

  it("are awaited with 100 Continue when the client asks for it, as curl and PHP do", async () => {
    const api = await start();
    const target = signTarget(api.app, "POST", "/apps/3/events", body);
    const head = `POST ${target} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`;
    const socket = connect(api.port, "127.0.0.1", () => socket.write(head));
    socket.setEncoding("utf8");
    const [interim] = await once(socket, "data");
    expect(interim).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    socket.write(body);
    const [final] = await once(socket, "data");
    socket.destroy();
    expect(final).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it("are read in chunks, without a content type", async () => {
    const api = await start();
    const target = signTarget(api.app, "POST", "/apps/3/events", body);
    const chunks = [body.slice(0, 7), body.slice(7)].map(
      (part) => `${part.length.toString(16)}\r\n${part}\r\n`,
    );
    const answer = await api.exchange(
      `POST ${target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join("")}0\r\n\r\n`,
      /\{\}$/,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(api.hub.published[0]?.data).toBe("x".repeat(2000));
  });

  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin1",
    "nonsense",
  ]) {
    it(`are read as JSON whatever the content type says: ${type}`, async () => {
      const api = await start();
      const target = signTarget(api.app, "POST", "/apps/3/events", body);
      const response = await fetch(api.url + target, {
        method: "POST",
        body,
        headers: { "content-type": type },
      });
      expect(response.status).toBe(200);
    });
  }

  it("over the limit are answered 413, and the same socket serves the next request", async () => {
    const api = await start(testApp(), { limits: { maxRequestBytes: 1024 } });
    const good = JSON.stringify(event);
    const next = signTarget(api.app, "POST", "/apps/3/events", good);
    const answers = await api.exchange(
      `POST /apps/3/events HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${"x".repeat(100_000)}` +
        `POST ${next} HTTP/1.1\r\nHost: a\r\nContent-Length: ${good.length}\r\n\r\n${good}`,
      /\{\}$/,
    );
    expect(answers).toMatch(/^HTTP\/1\.1 413 Payload Too Large\r\n/);
    expect(answers).toContain('{"error":"The request body is larger than 1024 bytes. ');
    expect(answers).toContain("HTTP/1.1 200 OK\r\n");
    expect(answers).not.toMatch(/connection: close/i);
  });

  it("over the limit in chunks are answered 413, and the same socket serves the next request", async () => {
    const api = await start(testApp(), { limits: { maxRequestBytes: 1024 } });
    const chunk = `800\r\n${"x".repeat(2048)}\r\n`;
    const answers = await api.exchange(
      `POST /apps/3/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n` +
        "GET /up HTTP/1.1\r\nHost: a\r\n\r\n",
      /OK"\}$/,
    );
    expect(answers).toMatch(/^HTTP\/1\.1 413 /);
    expect(answers).toContain("HTTP/1.1 200 OK\r\n");
  });

  it("far over the limit are answered 413 and the connection is closed", async () => {
    const api = await start(testApp(), { limits: { maxRequestBytes: 1024 } });
    const answer = await api.exchange(
      `POST /apps/3/events HTTP/1.1\r\nHost: a\r\nContent-Length: ${maxDiscardedBytes * 2}\r\n\r\nx`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/connection: close/i);
  });

  it("that break off are reported, and nothing is published", async () => {
    const api = await start();
    const socket = connect(api.port, "127.0.0.1", () => {
      socket.write("POST /apps/3/events HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{", () =>
        socket.destroy(),
      );
    });
    await expect
      .poll(() => api.reported.map(({ failure }) => failure.name))
      .toEqual(["http-body-incomplete"]);
    expect(api.hub.published).toEqual([]);
  });
});

describe("refusals", () => {
  it("answer an unknown app with 404 before they look at the signature", async () => {
    const api = await start();
    const response = await fetch(`${api.url}/apps/4/events`, { method: "POST" });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error:
        'There is no app with the id "4". Compare the app id of the publisher (case counts) with the server\'s configuration.',
      code: 404,
    });
  });

  it("answer an unsigned request with 401 and name the missing parameter", async () => {
    const api = await start();
    const response = await fetch(`${api.url}/apps/3/channels`);
    expect(response.status).toBe(401);
    expect(await response.text()).toContain("The query parameter auth_key is absent.");
    expect(response.headers.get("content-type")).toBe("application/json");
  });

  it("answer a wrong signature with 401, and keep the signed text for the log", async () => {
    const api = await start();
    const target = signTarget({ ...api.app, secret: "wrong" }, "GET", "/apps/3/channels", undefined);
    const response = await fetch(api.url + target);
    const text = await response.text();
    expect(response.status).toBe(401);
    expect(text).not.toContain("auth_version=1.0");
    expect(api.reported[0]?.failure.evidence["signedText"]).toMatch(/^GET\n\/apps\/3\/channels\nauth_key=/);
    expect(api.reported[0]?.context).toMatchObject({ method: "GET", path: "/apps/3/channels", appId: "3" });
  });

  it("examine only some wrong signatures in a second", async () => {
    const { url, reported } = await start();
    const target = signTarget(testApp({ secret: "other" }), "GET", "/apps/3/channels", undefined);
    for (let count = 0; count < 12; count++) expect((await fetch(url + target)).status).toBe(401);
    const causes = reported.map(({ failure }) => failure.evidence["cause"]);
    expect(causes.filter((cause) => cause === "secret-or-text")).toHaveLength(10);
    expect(causes.slice(10)).toEqual(["not-examined", "not-examined"]);
  });

  it("answer an old timestamp with 401 and the server's time", async () => {
    const api = await start();
    const target = signTarget(api.app, "GET", "/apps/3/channels", undefined, {}, 1_353_000_000);
    const response = await fetch(api.url + target);
    expect(response.status).toBe(401);
    expect(await response.text()).toContain("1353088179");
  });

  it("answer a disabled app with 403, but only to who can sign for it", async () => {
    const api = await start(testApp({ enabled: false }));
    expect((await api.send("GET", "/apps/3/channels")).status).toBe(403);
    expect((await fetch(`${api.url}/apps/3/channels`)).status).toBe(401);
  });

  it("answer unknown routes with 404", async () => {
    const api = await start();
    for (const path of ["/apps", "/apps/3", "/apps/3/nothing", "/apps/3/channels/a/b", "/wp-login.php"]) {
      const response = await fetch(api.url + path);
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.json()).toMatchObject({ code: 404 });
    }
  });

  for (const [method, path, allow] of [
    ["GET", "/apps/3/events", "POST"],
    ["PUT", "/apps/3/events", "POST"],
    ["DELETE", "/apps/3/batch_events", "POST"],
    ["HEAD", "/apps/3/channels", "GET"],
    ["OPTIONS", "/apps/3/channels/a", "GET"],
    ["POST", "/apps/3/channels", "GET"],
    ["PURGE", "/apps/3/channels", "GET"],
    ["PATCH", "/apps/3/users/7/terminate_connections", "POST"],
    ["POST", "/app/key", "GET"],
    ["POST", "/up", "GET, HEAD, OPTIONS"],
  ] as const) {
    it(`answer ${method} ${path} with 405 and Allow: ${allow}`, async () => {
      const api = await start();
      const answer = await api.exchange(`${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
      expect(answer).toContain(`\r\nallow: ${allow}\r\n`);
    });
  }

  it("answer bytes that are not HTTP with 400", async () => {
    const api = await start();
    const answer = await api.exchange("NOT HTTP AT ALL\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/json\r\n/);
    expect(answer).toContain('"code":400}');
    expect(api.reported[0]?.failure.name).toBe("http-malformed");
  });

  it("answer header fields that are too large with 431", async () => {
    const api = await start();
    const answer = await api.exchange(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"code":431}');
  });

  it("answer percent-encoding that is not UTF-8 with 400", async () => {
    const api = await start();
    const response = await fetch(`${api.url}/apps/3/channels/%ff`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("percent-encoding");
  });

  it("never tell what went wrong inside, but an id that the log has too", async () => {
    const api = await start();
    api.hub.error = new Error("the password is hunter2");
    const answer = await api.send("GET", "/apps/3/channels/a");
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain("hunter2");
    const { failure, context } = api.reported[0] ?? {};
    expect(answer.text).toContain(String(failure?.evidence["id"]));
    expect(context?.error).toBe(api.hub.error);
  });

  it("answer 503 with Retry-After when the app store is down", async () => {
    const api = await start(testApp(), { apps: { findById: failToFind, findByKey: failToFind } });
    const answer = await api.send("POST", "/apps/3/events", event);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(api.reported[0]?.failure.name).toBe("http-app-store-unavailable");
  });

  it("answer 503 with Retry-After while the server drains", async () => {
    const api = await start(testApp(), { status: () => "draining" });
    const answer = await api.send("POST", "/apps/3/events", event);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(answer.text).toContain("The server is draining.");
    expect(api.hub.published).toEqual([]);
  });
});

describe("rates", () => {
  it("answer 429 with its headers when events come faster than allowed, each channel counting once", async () => {
    const api = await start(testApp({ rates: { maxBackendEventsPerSecond: 3 } }));
    const both = { name: "foo", channels: ["a", "b"], data: "" };
    expect((await api.send("POST", "/apps/3/events", both)).status).toBe(200);
    const refused = await api.send("POST", "/apps/3/events", both);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.headers.get("x-ratelimit-limit")).toBe("3");
    expect(refused.headers.get("x-ratelimit-remaining")).toBe("1");
    expect((await api.send("POST", "/apps/3/events", event)).status).toBe(200);
    expect(api.hub.published.map(({ channel }) => channel)).toEqual(["a", "b", "project-3"]);
  });

  it("count a batch as the sum of its channels", async () => {
    const api = await start(testApp({ rates: { maxBackendEventsPerSecond: 2 } }));
    expect((await api.send("POST", "/apps/3/batch_events", { batch: [event, event] })).status).toBe(200);
    expect((await api.send("POST", "/apps/3/batch_events", { batch: [event] })).status).toBe(429);
  });

  it("limit reading apart from publishing, and only for who can sign", async () => {
    const api = await start(testApp({ rates: { maxReadRequestsPerSecond: 1 } }));
    expect((await fetch(`${api.url}/apps/3/channels`)).status).toBe(401);
    expect((await api.send("GET", "/apps/3/channels")).status).toBe(200);
    expect((await api.send("GET", "/apps/3/channels")).status).toBe(429);
    expect((await api.send("POST", "/apps/3/events", event)).status).toBe(200);
  });
});

describe("a path prefix", () => {
  it("is served beside the bare routes, whether the client signed it or not", async () => {
    const api = await start(testApp(), { pathPrefix: "/realtime" });
    const signedWith = signTarget(api.app, "GET", "/realtime/apps/3/channels", undefined);
    const signedWithout = `/realtime${signTarget(api.app, "GET", "/apps/3/channels", undefined)}`;
    for (const target of [
      signedWith,
      signedWithout,
      signTarget(api.app, "GET", "/apps/3/channels", undefined),
    ]) {
      expect((await fetch(api.url + target)).status).toBe(200);
    }
    expect((await fetch(`${api.url}/realtime/up`)).status).toBe(200);
    expect((await fetch(`${api.url}/realtime`)).status).toBe(200);
    expect((await fetch(`${api.url}/realtime/app/key`)).status).toBe(426);
    expect((await fetch(`${api.url}/realtime/apps/3/events`)).status).toBe(405);
  });
});
