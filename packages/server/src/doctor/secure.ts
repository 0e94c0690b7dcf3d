/** TLS: sets it up whatever the certificate is, tells what the server shows, and goes on only if it may be believed. */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type DialledHost, openTls } from "@antiphon/websocket/inspect";
import { judgeCertificate } from "./certificate.ts";
import { runStage } from "./examination.ts";
import type { Findings } from "./report.ts";

export interface SecureOptions {
  readonly timeoutMs: number;
  /** Certificates that are not valid become warnings. */
  readonly insecure: boolean;
  readonly ca?: string;
  /** The time of day. */
  readonly now: number;
}

/** The socket with TLS on it, or `undefined` if the examination ends here. `socket` is not usable any more. */
export async function secure(
  socket: Socket,
  host: DialledHost,
  { timeoutMs, insecure, ca, now }: SecureOptions,
  findings: Findings,
): Promise<Socket | undefined> {
  const result = await runStage("tls", host, timeoutMs, async (attempt) => {
    attempt.hold(socket);
    const tls = { rejectUnauthorized: false, ...(ca !== undefined && { ca }) };
    const secured = await openTls(attempt, socket, host.hostname, tls);
    attempt.release();
    // What openTls gives is what tls.connect made.
    return secured as TLSSocket;
  });
  if (!result.ok) {
    findings.failed("tls", result.failure, result.ms);
    return undefined;
  }
  const { value: secured, ms } = result;
  const alpn = typeof secured.alpnProtocol === "string" ? `ALPN ${secured.alpnProtocol}` : "no ALPN";
  findings.passed("tls", `${secured.getProtocol()}, ${secured.getCipher().name}, ${alpn}`, ms);
  let isBelieved = true;
  for (const { text, failure } of judgeCertificate(secured, host.hostname, now)) {
    if (!failure) {
      findings.note("tls", text);
      continue;
    }
    if (failure.severity === "fatal" && !insecure) isBelieved = false;
    findings.failed("tls", insecure ? { ...failure, severity: "warning" } : failure);
  }
  if (isBelieved) return secured;
  secured.destroy();
  return undefined;
}
