/** A TCP or TLS server that answers each HTTP head with bytes of the test's choice: for everything no library would send. */
import { createHash } from "node:crypto";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { onTestFinished } from "vitest";

export interface RawServer {
  readonly port: number;
  /** The heads that came, in order. */
  readonly requests: string[];
}

/** What to do with a head: `rest` is what came behind it. */
export type RawAnswer = (request: string, socket: Socket, rest: Buffer) => void;

/** Listens on a free port of 127.0.0.1 until the test is over. */
export async function startRawServer(answer: RawAnswer, tls?: TlsOptions): Promise<RawServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    let received = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", onData);
      const request = received.subarray(0, end + 4).toString("latin1");
      requests.push(request);
      answer(request, socket, received.subarray(end + 4));
    };
    socket.on("data", onData);
  };
  const server: Server = tls ? createTlsServer(tls, accept) : createTcpServer(accept);
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { port: address.port, requests };
}

/** The value of a header of the request. */
export function readHeader(request: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)\r$`, "im").exec(request)?.[1];
}

/** The right Sec-WebSocket-Accept for the request, worked out without the code under test. */
export function acceptFor(request: string): string {
  const key = readHeader(request, "sec-websocket-key") ?? "";
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** A right 101, with more header lines behind. */
export function switchProtocols(request: string, ...lines: readonly string[]): string {
  const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  return [...head, `Sec-WebSocket-Accept: ${acceptFor(request)}`, ...lines, "", ""].join("\r\n");
}
