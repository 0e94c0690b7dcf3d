/** Real clients and servers with the started `antiphon tap` between them. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { runAntiphon } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectPusherJs, nextEvent, subscribe } from "../support/pusher-js-client.ts";
import { startTap, type TapProcess } from "../support/tap-process.ts";
import { createCertificate, hasOpenssl } from "../support/tls-certificates.ts";

const app = { id: "1", key: "app-key", secret: "app-secret" };

/** A folder that is removed when the test ends. */
function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "antiphon-tap-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** An echo server of another library, on a free port. */
async function startEcho(options: ConstructorParameters<typeof WebSocketServer>[0] = {}): Promise<number> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, ...options });
  server.on("connection", (socket) =>
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  onTestFinished(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function open(
  url: string,
  options: ConstructorParameters<typeof WebSocket>[2] = {},
): Promise<WebSocket> {
  const client = new WebSocket(url, options);
  onTestFinished(() => client.terminate());
  await once(client, "open");
  return client;
}

async function close(client: WebSocket, tap: TapProcess): Promise<void> {
  client.close(1000, "done");
  await once(client, "close");
  await tap.printed(/end(?:: |","verdict)/);
}

const reference = new URL("../../docs/reference/cli-tap.md", import.meta.url);
const transcript = /```text transcript\n(.*?)```/s;

function writeTranscript(output: string): void {
  const text = readFileSync(reference, "utf8");
  writeFileSync(
    reference,
    text.replace(transcript, () => `\`\`\`text transcript\n${output}\`\`\``),
  );
}

/** What differs from run to run, made equal. */
function normalize(transcript: string): string {
  return (
    transcript
      .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
      .replaceAll(/^(#\d+ +)[\d.]+/gm, "$10.000")
      .replaceAll(/after [\d.]+ m?s/g, "after 1.0 ms")
      .replaceAll(/(Sec-WebSocket-(?:Key|Accept): ).*/g, "$1...")
      .replaceAll(/version=[\d.]+/g, "version=8")
      // The preview ends where the length of the socket id lets it.
      .replaceAll(/socket \d+\.\d+.*/g, "socket 1.2")
      .replaceAll(/(?:\d+ B|[\d.]+ kB)/g, "0 B")
      .replaceAll(/ +/g, " ")
  );
}

describe("pusher-js through antiphon tap to an antiphon server", () => {
  it("works, and gives the transcript of the reference", async () => {
    const server = await startConfiguredServer({ apps: [app] });
    onTestFinished(async () => void (await server.stop()));
    const tap = await startTap(`ws://127.0.0.1:${server.port}`);
    const pusher = await connectPusherJs(tap, app.key);
    const channel = await subscribe(pusher, "news");
    const received = nextEvent(channel, "headline");
    await createPublisher(server, app).trigger("news", "headline", { title: "It works" });
    expect(await received).toEqual({ title: "It works" });
    pusher.disconnect();
    await tap.printed(/end: /);
    const { code, output } = await tap.stop();
    expect(code).toBe(0);
    // With UPDATE_DOCS=1 the reference gets the new transcript.
    if (process.env["UPDATE_DOCS"] === "1") writeTranscript(output);
    const documented = transcript.exec(readFileSync(reference, "utf8"))?.[1];
    expect(normalize(output)).toBe(normalize(documented ?? ""));
  });
});

describe("ws through antiphon tap", () => {
  it("is shown with compression, fragments and round trips", async () => {
    const tap = await startTap(`ws://127.0.0.1:${await startEcho({ perMessageDeflate: { threshold: 0 } })}`);
    const client = await open(`ws://127.0.0.1:${tap.port}/`, { perMessageDeflate: { threshold: 0 } });
    client.send("x".repeat(1000));
    await once(client, "message");
    client.send("first ", { fin: false });
    client.send("second", { fin: true });
    const [data] = (await once(client, "message")) as [Buffer];
    expect(data.toString()).toBe("first second");
    client.ping("are you there");
    await once(client, "pong");
    await close(client, tap);
    const { code, output } = await tap.stop();
    expect(output).toMatch(/permessage-deflate \(server 15 bits; client 15 bits\)/);
    expect(output).toMatch(/→ +text +fin rsv1 mask +\d+ B → 1000 B +"xxx/);
    expect(output).toMatch(/→ +continuation +fin mask +\d+ B \(2 frames, \d+ B → 12 B\) +"first second"/);
    expect(output).toMatch(/← +pong +fin +13 B +answers after [\d.]+ ms +"are you there"/);
    expect(output).toContain(
      'end: The client closed with 1000 (normal) "done"; the server answered with the same code.',
    );
    expect(output).toMatch(/from the server: .*it answered 1 ping \(min/);
    expect(code).toBe(0);
  });

  it("is told as one JSON object a line, with only the frames that were asked for", async () => {
    const tap = await startTap(`ws://127.0.0.1:${await startEcho()}`, [
      "--json",
      "--redact",
      "--filter",
      "from=server,text",
    ]);
    const client = await open(`ws://127.0.0.1:${tap.port}/?token=secret`);
    client.send("hello");
    await once(client, "message");
    client.send(Buffer.from([1, 2, 3]));
    await once(client, "message");
    await close(client, tap);
    const { output } = await tap.stop();
    const events = output
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly type: string });
    expect(events.map(({ type }) => type)).toEqual([
      "listening",
      "opened",
      "request",
      "response",
      "note",
      "frame",
      "end",
      "summary",
    ]);
    expect(events[5]).toMatchObject({ from: "server", opcode: "text", payloadBytes: 5, masked: false });
    expect(events[5]).not.toHaveProperty("preview");
    expect(events[6]).toMatchObject({ verdict: { endedBy: "client", how: "close-frame" } });
    expect(output).not.toContain("secret");
  });

  it("keeps the Host header unless it is to be rewritten", async () => {
    const hosts: unknown[] = [];
    const port = await startEcho({
      verifyClient: ({ req, origin }: { req: IncomingMessage; origin: string }) => {
        hosts.push([req.headers.host, origin]);
        return true;
      },
    });
    const target = `127.0.0.1:${port}`;
    const plain = await startTap(`ws://${target}`);
    await open(`ws://127.0.0.1:${plain.port}/`, { origin: "http://page" });
    const rewriting = await startTap(`ws://${target}`, ["--rewrite-host"]);
    await open(`ws://127.0.0.1:${rewriting.port}/`, { origin: "http://page" });
    expect(hosts).toEqual([
      [`127.0.0.1:${plain.port}`, "http://page"],
      [target, `http://${target}`],
    ]);
    await rewriting.printed(/rewritten for the target: Origin http:\/\/page became http:\/\/127/);
    expect(plain.output()).not.toContain("rewritten");
  });

  it("is saved to a file that holds all bytes, and that antiphon decode reads", async () => {
    const file = join(createFolder(), "tap.pcapng");
    const tap = await startTap(`ws://127.0.0.1:${await startEcho()}`, ["--save", file]);
    const client = await open(`ws://127.0.0.1:${tap.port}/`);
    client.send("hello");
    await once(client, "message");
    await close(client, tap);
    await tap.stop();
    const saved = readFileSync(file);
    expect(saved.readUInt32BE(0)).toBe(0x0a0d0d0a);
    expect(saved.includes("GET / HTTP/1.1\r\n")).toBe(true);
    expect(saved.includes("HTTP/1.1 101 Switching Protocols\r\n")).toBe(true);
    expect(saved.includes(Buffer.from("\x81\x05hello", "latin1"))).toBe(true);
    const { stdout } = await runAntiphon(["decode", "--file", file]);
    expect(stdout).toContain("masked text frame");
    expect(stdout).toContain('"hello"');
  });
});

describe.skipIf(!hasOpenssl)("TLS", () => {
  it("is terminated where clients connect, and begun again towards the target", async () => {
    const { cert, key } = createCertificate("localhost");
    const folder = createFolder();
    const files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
    const https = createTlsServer({ cert, key }).listen(0, "127.0.0.1");
    onTestFinished(() => void https.close());
    await once(https, "listening");
    const echo = new WebSocketServer({ server: https });
    echo.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
    const { port } = https.address() as AddressInfo;
    const tap = await startTap(`wss://127.0.0.1:${port}`, [
      "--cert",
      files.cert,
      "--key",
      files.key,
      "--insecure",
    ]);
    const client = await open(`wss://localhost:${tap.port}/`, { ca: cert });
    client.send("inside TLS");
    const [data] = (await once(client, "message")) as [Buffer];
    expect(data.toString()).toBe("inside TLS");
    await close(client, tap);
    expect(tap.output()).toMatch(/← +binary +fin +10 B +"inside TLS"/);

    // A client without TLS on the port that wants it.
    const plain = new WebSocket(`ws://127.0.0.1:${tap.port}/`);
    await once(plain, "error");
    await tap.printed(/! plain-http-sent-to-tls-port/);
  });

  it("with a certificate that nothing vouches for is refused and named", async () => {
    const { cert, key } = createCertificate("localhost");
    const https = createTlsServer({ cert, key }).listen(0, "127.0.0.1");
    onTestFinished(() => void https.close());
    await once(https, "listening");
    const tap = await startTap(`wss://localhost:${(https.address() as AddressInfo).port}`);
    const client = new WebSocket(`ws://127.0.0.1:${tap.port}/`);
    await once(client, "error");
    await tap.printed(/! tls-certificate-untrusted .*\(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
  });

  it("resets the target when the client resets", async () => {
    const { cert, key } = createCertificate("localhost");
    const https = createTlsServer({ cert, key }).listen(0, "127.0.0.1");
    onTestFinished(() => void https.close());
    await once(https, "listening");
    const failed = new Promise<NodeJS.ErrnoException>((resolve) => {
      new WebSocketServer({ server: https }).on("connection", (_, request) =>
        request.socket.once("error", resolve),
      );
    });
    const tap = await startTap(`wss://127.0.0.1:${(https.address() as AddressInfo).port}`, ["--insecure"]);
    const socket = connect(tap.port, "127.0.0.1");
    await open(`ws://127.0.0.1:${tap.port}/`, { createConnection: () => socket });
    socket.resetAndDestroy();
    expect((await failed).code).toBe("ECONNRESET");
    await tap.printed(/end: The client's side reset TCP/);
  });
});

describe("antiphon tap on the command line", () => {
  const target = ["--target", "ws://127.0.0.1:1"];
  const wrong: readonly [why: string, args: readonly string[], text: string][] = [
    ["without a target", ["--listen", "0"], "--target"],
    ["with an address that is none", ["--listen", "x", ...target], '"x" is not a port'],
    ["with a target that is no URL", ["--listen", "0", "--target", "localhost"], "not a URL of the form"],
    [
      "with half a certificate",
      ["--listen", "0", ...target, "--cert", "a"],
      "--cert and --key belong together",
    ],
    ["with a filter that is none", ["--listen", "0", ...target, "--filter", "x"], '"x" is no filter'],
    ["with contradicting options", ["--listen", "0", ...target, "--full", "--redact"], "contradict"],
  ];
  it.each(wrong)("ends with 2 %s", async (_, args, text) => {
    const { code, stderr } = await runAntiphon(["tap", ...args]);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
  });

  it("ends with 3 on a port that is taken", async () => {
    const port = await startEcho();
    const { code, stderr } = await runAntiphon(["tap", "--listen", String(port), ...target]);
    expect(stderr).toContain("listen-address-in-use");
    expect(code).toBe(3);
  });

  it("ends with 3 when a file cannot be read or written", async () => {
    const { code, stderr } = await runAntiphon([
      "tap",
      "--listen",
      "0",
      ...target,
      "--save",
      "/nowhere/x.pcapng",
    ]);
    expect(stderr).toContain("could not run");
    expect(code).toBe(3);
  });
});
