/** TCP: tries every address at once, says how each fared, and keeps the first connection in the resolver's order. */
import { isIPv6, type Socket } from "node:net";
import type { Failure } from "@antiphon/websocket";
import { type DialledHost, formatAddress, openTcp } from "@antiphon/websocket/inspect";
import { runStage, type StageResult } from "./examination.ts";
import type { Findings } from "./report.ts";

/** An open connection, or `undefined` if no address took one. */
export async function dial(
  addresses: readonly string[],
  host: DialledHost,
  timeoutMs: number,
  findings: Findings,
): Promise<Socket | undefined> {
  const { port } = host;
  const attempts = await Promise.all(
    addresses.map(async (hostname) => ({
      address: { hostname, port },
      result: await openAddress({ hostname, port }, timeoutMs),
    })),
  );
  const kept = attempts.find(({ result }) => result.ok)?.result;
  for (const { address, result } of attempts) {
    const family = isIPv6(address.hostname) ? "IPv6" : "IPv4";
    if (result.ok) findings.passed("tcp", `connected to ${formatAddress(address)} (${family})`, result.ms);
    else findings.failed("tcp", weigh(result.failure, kept !== undefined, host), result.ms);
    if (result.ok && result !== kept) result.value.destroy();
  }
  return kept?.ok ? kept.value : undefined;
}

function openAddress(address: DialledHost, timeoutMs: number): Promise<StageResult<Socket>> {
  return runStage("tcp", address, timeoutMs, async (attempt) => {
    const socket = await openTcp(attempt, address, {});
    attempt.release();
    return socket;
  });
}

/**
 * Clients go on to the next address, so one that is dead only costs them time. That of localhost costs nothing: it has two
 * addresses everywhere, and most servers listen on one.
 */
function weigh(failure: Failure, hasOther: boolean, { hostname }: DialledHost): Failure {
  if (!hasOther) return failure;
  return { ...failure, severity: hostname === "localhost" ? "info" : "warning" };
}
