/**
 * Where faulty servers and proxies are built: raw servers that send any bytes, real proxies before a real Antiphon, and
 * certificates of every wrong kind. Everything is gone when the test ends.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TlsOptions } from "node:tls";
import { inject, onTestFinished } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { behave, type Manners } from "../support/hand-made-peer.ts";
import { type ProxyName, startProxy } from "../support/proxy-program.ts";
import { type RawAnswer, startRawServer, switchProtocols } from "../support/raw-server.ts";
import { createCertificate, type TestCertificate } from "../support/tls-certificates.ts";

/** The app that the Antiphon of the lab serves. */
export const labApp = { id: "lab", key: "lab-key", secret: "lab-secret" } as const;

/** Made once: keys take time. */
const certificates = new Map<string, TestCertificate>();

export class ServerLab {
  readonly antiphon: AntiphonProcess;

  constructor(antiphon: AntiphonProcess) {
    this.antiphon = antiphon;
  }

  /** `/app/KEY` on whatever listens at this port. */
  appUrl({ port }: { readonly port: number }, host = "127.0.0.1"): string {
    return `ws://${host}:${port}/app/${labApp.key}?protocol=7`;
  }

  /** A server that does `answer` with each request head. */
  serve(answer: RawAnswer, tls?: TlsOptions): Promise<{ readonly port: number }> {
    return startRawServer(answer, tls);
  }

  /** The URL of a server that answers these bytes and ends; LF stands for CRLF. */
  async answering(text: string): Promise<{ readonly url: string }> {
    const { port } = await this.serve(
      (_, socket) => void socket.end(text.replaceAll("\n", "\r\n"), "latin1"),
    );
    return { url: `ws://127.0.0.1:${port}/` };
  }

  /** The URL of a server that answers with this status, headers and body. */
  answeringStatus(status: string, headers = "", body = ""): Promise<{ readonly url: string }> {
    const length = `Content-Length: ${Buffer.byteLength(body)}`;
    return this.answering(`HTTP/1.1 ${status}\n${length}\n${headers}${headers === "" ? "" : "\n"}\n${body}`);
  }

  /** The URL of a server that changes its right 101 before it is sent. */
  async switching(change: (head: string, request: string) => string): Promise<{ readonly url: string }> {
    const { port } = await this.serve((request, socket) => {
      socket.write(change(switchProtocols(request), request), "latin1");
    });
    return { url: `ws://127.0.0.1:${port}/` };
  }

  /** The URL of a server that opens the WebSocket, and then does what it likes with the socket. */
  async opened(act: (socket: Socket) => void, path = "/"): Promise<{ readonly url: string }> {
    const { port } = await this.serve((request, socket) => {
      socket.write(switchProtocols(request));
      act(socket);
    });
    return { url: `ws://127.0.0.1:${port}${path}` };
  }

  /** The URL of a server that opens the WebSocket and sends these bytes, given in hex, and ends TCP. */
  sendingFrames(hex: string): Promise<{ readonly url: string }> {
    return this.opened((socket) => void socket.end(Buffer.from(hex.replaceAll(" ", ""), "hex")));
  }

  /** The URL of a server that opens the WebSocket and behaves, but for these manners. */
  behaving(manners: Manners, path = "/"): Promise<{ readonly url: string }> {
    return this.opened((socket) => behave(socket, manners), path);
  }

  /** A file with this content, for programs that read theirs. */
  file(content: Uint8Array): string {
    const folder = mkdtempSync(join(tmpdir(), "antiphon-lab-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "file");
    writeFileSync(path, content);
    return path;
  }

  /** A real proxy; `%UPSTREAM%` in its directives is the port of Antiphon. */
  async proxy(name: ProxyName, directives: string): Promise<{ readonly port: number }> {
    const upstream = directives.replaceAll("%UPSTREAM%", String(this.antiphon.port));
    const proxy = await startProxy(name, inject(name), upstream);
    onTestFinished(() => proxy.stop());
    return proxy;
  }

  /** A certificate for this name, self-signed; it is trusted where it is given as the authority. */
  certificate(name: string, options: { readonly expired?: boolean } = {}): TestCertificate {
    const id = `${name} ${options.expired === true}`;
    const known = certificates.get(id) ?? createCertificate(name, options);
    certificates.set(id, known);
    return known;
  }
}
