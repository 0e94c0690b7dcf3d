/** The doctor at servers that are not Antiphon and have nothing wrong: TLS, an HTTP proxy, subprotocols, no greeting. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocketServer } from "ws";
import { examine } from "../../packages/server/src/doctor/examine.ts";
import type { ExamineOptions } from "../../packages/server/src/doctor/examination.ts";
import type { Check, Report } from "../../packages/server/src/doctor/report.ts";
import { createCertificate, hasOpenssl, type TestCertificate } from "../support/tls-certificates.ts";

const options: Omit<ExamineOptions, "url"> = {
  timeoutMs: 2000,
  firstFrameMs: 30,
  headers: [],
  subprotocols: [],
  insecure: false,
  idleMs: 0,
  probeStrictness: false,
  pusher: false,
};

/** A server of the `ws` library. */
async function startWs(certificate?: TestCertificate): Promise<number> {
  const server = certificate ? createHttpsServer(certificate) : createHttpServer();
  const websockets = new WebSocketServer({ server, perMessageDeflate: true });
  // The probe of unmasked frames makes it emit one.
  websockets.on("connection", (websocket) => websocket.on("error", () => {}));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const client of websockets.clients) client.terminate();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** An HTTP proxy that grants every tunnel; gives its port and what it was asked for. */
async function startProxy(): Promise<{ readonly port: number; readonly tunnels: string[] }> {
  const tunnels: string[] = [];
  const proxy = createHttpServer().on("connect", (request, client) => {
    tunnels.push(`${request.url} ${request.headers["proxy-authorization"]}`);
    const { hostname, port } = new URL(`http://${request.url}`);
    const target = connect(Number(port), hostname, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.pipe(client).pipe(target);
    });
    for (const socket of [client, target]) socket.on("error", () => {});
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { port: (proxy.address() as AddressInfo).port, tunnels };
}

const textsOf = (report: Report, step: Check["step"]): string[] =>
  report.checks.filter((check) => check.step === step).map(({ text }) => text);

describe("a server of the ws library", () => {
  it("works, refuses unmasked frames, and stays open in silence", async () => {
    const url = `ws://127.0.0.1:${await startWs()}/chat?token=hunter2`;
    const report = await examine({
      ...options,
      url,
      probeStrictness: true,
      idleMs: 50,
      subprotocols: ["chat"],
    });
    expect(report.conclusion).toEqual({ works: true, sentence: "It works: every check passed." });
    expect(report.url).toMatch(/\/chat\?token=\*\*\*$/);
    expect(textsOf(report, "101")).toContain("subprotocol: chat");
    expect(textsOf(report, "101")).toContain("extensions: permessage-deflate");
    expect(textsOf(report, "frames")).toEqual(["the server says nothing by itself within 30 ms"]);
    expect(textsOf(report, "masking")).toEqual(["an unmasked frame is refused with Close 1002"]);
    expect(textsOf(report, "idle")).toEqual(["still open after 0.1 s of silence"]);
    expect(textsOf(report, "close")).toEqual(["the server answered with Close 1000, then ended TCP"]);
  });

  it("tells each check when it is known", async () => {
    const told: Check[] = [];
    const url = `ws://127.0.0.1:${await startWs()}/`;
    const report = await examine({ ...options, url }, (check) => told.push(check));
    expect(told).toEqual(report.checks);
  });

  it("is a Pusher server only if it greets", async () => {
    const url = `ws://127.0.0.1:${await startWs()}/`;
    const { conclusion } = await examine({ ...options, url, pusher: true, timeoutMs: 100 });
    expect(conclusion.failure?.name).toBe("pusher-greeting-missing");
  });
});

describe.skipIf(!hasOpenssl)("a server with TLS", () => {
  const certificate = hasOpenssl
    ? createCertificate("localhost")
    : { key: Buffer.alloc(0), cert: Buffer.alloc(0) };

  it("shows version, names, issuer and dates of its certificate", async () => {
    const url = `wss://localhost:${await startWs(certificate)}/`;
    const report = await examine({ ...options, url, ca: certificate.cert.toString() });
    expect(report.conclusion.works).toBe(true);
    expect(textsOf(report, "tls")).toEqual([
      expect.stringMatching(/^TLSv1\.3, TLS_\w+, ALPN http\/1\.1$/),
      "certificate for localhost, issued by localhost (itself)",
      expect.stringMatching(/^valid from \d{4}-\d\d-\d\d until \d{4}-\d\d-\d\d \(1 day left\)$/),
      expect.stringMatching(/^The server's certificate ends in 1 day,/),
    ]);
  });

  it("is examined to the end with --insecure, and the certificate becomes a warning", async () => {
    const url = `wss://localhost:${await startWs(certificate)}/`;
    const report = await examine({ ...options, url, insecure: true });
    expect(report.conclusion.works).toBe(true);
    expect(report.conclusion.failure?.name).toBe("tls-certificate-untrusted");
    expect(textsOf(report, "close")).toHaveLength(1);
  });

  it("is reached through an HTTP proxy, whose password is not shown", async () => {
    const { port, tunnels } = await startProxy();
    const target = await startWs(certificate);
    const proxy = `http://me:hunter2@127.0.0.1:${port}`;
    const url = `wss://localhost:${target}/`;
    const report = await examine({ ...options, url, proxy, insecure: true });
    expect(report.conclusion.works).toBe(true);
    expect(textsOf(report, "proxy")).toEqual([`CONNECT localhost:${target} was granted`]);
    expect(tunnels).toEqual([`localhost:${target} Basic ${Buffer.from("me:hunter2").toString("base64")}`]);
    expect(JSON.stringify(report)).not.toContain("hunter2");
  });
});
