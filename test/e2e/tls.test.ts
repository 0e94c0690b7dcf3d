/** The WebSocket and the HTTP API on TLS, with certificates that openssl makes, and new ones taken over on SIGHUP. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import Pusher from "pusher";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { type AntiphonProcess, startAntiphon } from "../support/antiphon-process.ts";
import { createCertificate, hasOpenssl, type TestCertificate } from "../support/tls-certificates.ts";

const app = { id: "32", key: "tls-key", secret: "tls-secret", connection: { requireTls: true } };
const name = "localhost";

describe.skipIf(!hasOpenssl)(`TLS${hasOpenssl ? "" : " (skipped: openssl is not on PATH)"}`, () => {
  let folder: string;
  let first: TestCertificate;
  let server: AntiphonProcess;

  const file = (base: string): string => join(folder, base);

  async function install({ cert, key }: TestCertificate): Promise<void> {
    await Promise.all([writeFile(file("cert.pem"), cert), writeFile(file("key.pem"), key)]);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "antiphon-tls-"));
    first = createCertificate(name);
    await install(first);
    const tls = { cert: file("cert.pem"), key: file("key.pem") };
    await writeFile(
      file("antiphon.json"),
      JSON.stringify({ apps: [app], server: { tls, shutdownGraceMs: 0 } }),
    );
    server = await startAntiphon({ args: ["--config", file("antiphon.json")] });
  });

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  /** A client that trusts exactly this certificate, and what it is sent first. */
  async function connect({ cert }: TestCertificate): Promise<{ websocket: WebSocket; greeting: string }> {
    const url = `wss://127.0.0.1:${server.port}/app/${app.key}?protocol=7`;
    const websocket = new WebSocket(url, { agent: new Agent({ ca: cert, servername: name }) });
    onTestFinished(() => websocket.terminate());
    return { websocket, greeting: await nextMessage(websocket) };
  }

  async function nextMessage(websocket: WebSocket): Promise<string> {
    const [data] = (await once(websocket, "message")) as [Buffer];
    return data.toString("utf8");
  }

  function createBackend({ cert }: TestCertificate): Pusher {
    const { id: appId, key, secret } = app;
    const agent = new Agent({ ca: cert, servername: name });
    return new Pusher({
      appId,
      key,
      secret,
      host: "127.0.0.1",
      port: String(server.port),
      useTLS: true,
      agent,
    });
  }

  /** What a new connection is shown, whoever signed it. */
  async function readServedCertificate(): Promise<string> {
    const socket = connectTls({
      host: "127.0.0.1",
      port: server.port,
      servername: name,
      rejectUnauthorized: false,
    });
    await once(socket, "secureConnect");
    const served = socket.getPeerX509Certificate()?.toString() ?? "";
    socket.destroy();
    return served;
  }

  const text = ({ cert }: TestCertificate): string => cert.toString("utf8");

  it("carries WebSocket and HTTP API on one port, for an app that demands it", async () => {
    const { websocket, greeting } = await connect(first);
    expect(greeting).toContain("pusher:connection_established");
    websocket.send('{"event":"pusher:subscribe","data":{"channel":"news"}}');
    expect(await nextMessage(websocket)).toContain("subscription_succeeded");
    const received = nextMessage(websocket);
    const answer = await createBackend(first).trigger("news", "headline", { on: "TLS" });
    expect(await answer.text()).toBe("{}");
    expect(await received).toBe('{"event":"headline","channel":"news","data":"{\\"on\\":\\"TLS\\"}"}');
  });

  it("is named in the printed lines", () => {
    expect(server.output()).toContain(`wss://127.0.0.1:${server.port}/app/${app.key}`);
    expect(server.output()).toContain("REVERB_SCHEME=https");
    expect(server.output()).toContain("forceTLS: true");
  });

  it("shows a new certificate after SIGHUP, while open connections stay", async () => {
    const { websocket } = await connect(first);
    const second = createCertificate(name);
    await install(second);
    expect(await readServedCertificate()).toBe(text(first));
    process.kill(server.pid, "SIGHUP");
    await server.printed("configuration reloaded");
    expect(await readServedCertificate()).toBe(text(second));

    websocket.send('{"event":"pusher:ping","data":{}}');
    expect(await nextMessage(websocket)).toBe('{"event":"pusher:pong","data":"{}"}');
    const { greeting } = await connect(second);
    expect(greeting).toContain("pusher:connection_established");

    await writeFile(file("cert.pem"), "not a certificate");
    process.kill(server.pid, "SIGHUP");
    await server.printed('"msg":"configuration not reloaded"');
    expect(await readServedCertificate()).toBe(text(second));
  });

  it("is not spoken by a client that speaks plain HTTP, and that harms nobody", async () => {
    await expect(fetch(`http://127.0.0.1:${server.port}/up`)).rejects.toThrow();
    expect(await readServedCertificate()).toContain("BEGIN CERTIFICATE");
  });
});
