/** From the URL to a socket that leads to the server: DNS, TCP, the tunnel of a proxy, TLS. Each stage says how it went. */
import type { Socket } from "node:net";
import { openTunnel, type Proxy, selectProxy, type WebSocketTarget } from "@antiphon/websocket/inspect";
import { dial } from "./dial.ts";
import { type ExamineOptions, runStage } from "./examination.ts";
import type { Findings } from "./report.ts";
import { resolveName } from "./resolve-name.ts";
import { secure, type SecureOptions } from "./secure.ts";

/** `undefined` if some stage failed. @throws FailureError `proxy-url-invalid`. */
export async function openRoute(
  target: WebSocketTarget,
  options: ExamineOptions,
  findings: Findings,
): Promise<Socket | undefined> {
  const proxy = selectProxy(options.proxy, target, process.env);
  const dialled = proxy ?? target;
  const { timeoutMs, insecure, ca } = options;
  const security: SecureOptions = { timeoutMs, insecure, now: Date.now(), ...(ca !== undefined && { ca }) };
  const addresses = await resolveName(dialled, timeoutMs, findings);
  let socket = addresses.length === 0 ? undefined : await dial(addresses, dialled, timeoutMs, findings);
  if (socket && proxy) socket = await passProxy(socket, proxy, target, security, findings);
  if (!socket || !target.isSecure) return socket;
  return secure(socket, target, security, findings);
}

async function passProxy(
  socket: Socket,
  proxy: Proxy,
  target: WebSocketTarget,
  security: SecureOptions,
  findings: Findings,
): Promise<Socket | undefined> {
  const toProxy = proxy.isSecure ? await secure(socket, proxy, security, findings) : socket;
  if (!toProxy) return undefined;
  const result = await runStage("proxy", proxy, security.timeoutMs, async (attempt) => {
    attempt.hold(toProxy);
    await openTunnel(attempt, toProxy, proxy, target);
    attempt.release();
  });
  if (!result.ok) {
    findings.failed("proxy", result.failure, result.ms);
    return undefined;
  }
  findings.passed("proxy", `CONNECT ${target.hostname}:${target.port} was granted`, result.ms);
  return toProxy;
}
