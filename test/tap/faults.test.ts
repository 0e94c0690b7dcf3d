/** What goes wrong between raw clients and raw servers, seen by the started `antiphon tap`. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { startRawServer, switchProtocols } from "../support/raw-server.ts";
import { startTap, type TapProcess } from "../support/tap-process.ts";

const request = [
  "GET /chat HTTP/1.1",
  "Host: localhost",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
  "",
  "",
].join("\r\n");

const hello = Buffer.from("810548656c6c6f", "hex");
const maskedHello = Buffer.from("818537fa213d7f9f4d5158", "hex");
const close = (code: number): Buffer => Buffer.from([0x88, 2, code >> 8, code & 0xff]);

/** A client that has sent its request, and the first bytes that came back. */
async function dial(tap: TapProcess, bytes = request): Promise<Socket> {
  const socket = connect({ port: tap.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  socket.write(bytes);
  return socket;
}

/** A client behind the handshake. */
async function dialOpen(tap: TapProcess): Promise<Socket> {
  const socket = await dial(tap);
  await once(socket, "data");
  return socket;
}

describe("antiphon tap tells of", () => {
  it("a client that does not mask, and of the server that closes because of it", async () => {
    const server = await startRawServer((head, socket) => {
      socket.write(switchProtocols(head));
      socket.once("data", () => socket.end(close(1002)));
    });
    const tap = await startTap(`ws://127.0.0.1:${server.port}`);
    const client = await dialOpen(tap);
    client.write(hello);
    client.once("data", () => client.end());
    await tap.printed(/end: /);
    const { code, output } = await tap.stop();
    expect(output).toMatch(/→ +text +fin +5 B +"Hello"\n\s+! frame-unmasked-from-client/);
    expect(output).toContain(
      "end: The server closed with 1002 (protocol error) because of frame-unmasked-from-client: The client sent a text frame without a mask.",
    );
    expect(code).toBe(1);
  });

  it("a server that masks", async () => {
    const server = await startRawServer((head, socket) => {
      socket.write(switchProtocols(head));
      socket.write(maskedHello);
    });
    const tap = await startTap(`ws://127.0.0.1:${server.port}`);
    await dialOpen(tap);
    await tap.printed(/← +text +fin mask +5 B +"Hello"\n\s+! frame-masked-from-server/);
  });

  it("a frame that is marked as compressed although nothing was agreed on", async () => {
    const server = await startRawServer((head, socket) => {
      socket.write(switchProtocols(head));
      socket.write(Buffer.from("c10548656c6c6f", "hex"));
    });
    const tap = await startTap(`ws://127.0.0.1:${server.port}`);
    await dialOpen(tap);
    await tap.printed(/! frame-rsv1-without-deflate/);
  });

  it("a 200 in place of the 101", async () => {
    const server = await startRawServer((_, socket) =>
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    );
    const tap = await startTap(`ws://127.0.0.1:${server.port}`);
    const client = await dial(tap);
    client.resume().once("end", () => client.end());
    await tap.printed(/end: The server ended TCP \(FIN\); there was no WebSocket: .*\[response-status-200\]/);
    expect(tap.output()).toContain("--rewrite-host");
  });

  it("a server that ends TCP without a Close frame", async () => {
    const server = await startRawServer((head, socket) => {
      socket.write(switchProtocols(head));
      socket.once("data", () => socket.end());
    });
    const tap = await startTap(`ws://127.0.0.1:${server.port}`);
    const client = await dialOpen(tap);
    client.once("end", () => client.end());
    client.write(maskedHello);
    await tap.printed(
      /end: The server ended TCP \(FIN\) without a Close frame.* \[close-without-frame, likely\]/,
    );
  });

  it("a reset by the server, and resets the client", async () => {
    const server = await startRawServer((head, socket) => {
      socket.write(switchProtocols(head));
      socket.once("data", () => socket.resetAndDestroy());
    });
    const tap = await startTap(`ws://127.0.0.1:${server.port}`);
    const client = await dialOpen(tap);
    const failed = once(client, "error");
    client.write(maskedHello);
    const [error] = (await failed) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNRESET");
    await tap.printed(
      /end: The server's side reset TCP \(RST\) without a Close frame\. \[tcp-reset, likely\]/,
    );
  });

  it("a reset by the client, and resets the server", async () => {
    let failed: Promise<unknown[]> | undefined;
    const server = await startRawServer((head, socket) => {
      failed = once(socket, "error");
      socket.write(switchProtocols(head));
    });
    const tap = await startTap(`ws://127.0.0.1:${server.port}`);
    const client = await dialOpen(tap);
    client.resetAndDestroy();
    await tap.printed(/end: The client's side reset TCP/);
    const [error] = (await failed) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNRESET");
  });

  it("a target where nobody listens, and resets the client", async () => {
    const unused = createServer().listen(0, "127.0.0.1");
    await once(unused, "listening");
    const { port } = unused.address() as AddressInfo;
    unused.close();
    await once(unused, "close");
    const tap = await startTap(`ws://127.0.0.1:${port}`);
    const client = await dial(tap);
    const [error] = (await once(client, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNRESET");
    await tap.printed(/! tcp-connect-refused .*Nothing listens at 127\.0\.0\.1:/);
    expect((await tap.stop()).code).toBe(1);
  });

  it("nothing else than the connections that are still open when it is stopped", async () => {
    const server = await startRawServer((head, socket) => socket.write(switchProtocols(head)));
    const tap = await startTap(`ws://127.0.0.1:${server.port}`);
    await dialOpen(tap);
    await dialOpen(tap);
    const { code, output } = await tap.stop();
    expect(output).toMatch(/#1 .*end: The tap was stopped while the connection was open\./);
    expect(output).toMatch(/#2 .*end: The tap was stopped while the connection was open\./);
    expect(output).toContain("summary: connections: 2\n");
    expect(output).toContain("nothing wrong was found\n");
    expect(code).toBe(0);
  });
});

describe("a half-closed connection", () => {
  it("stays open in the other direction", async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("end", () => socket.end("said after your end"));
      socket.resume();
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const tap = await startTap(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const client = await dial(tap, "anything");
    client.end();
    const [answer] = (await once(client, "data")) as [Buffer];
    expect(answer.toString()).toBe("said after your end");
  });
});
