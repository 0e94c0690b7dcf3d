/** DNS: all addresses of a name, as the system's resolver gives them. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { engineFailures } from "@antiphon/websocket";
import type { DialledHost } from "@antiphon/websocket/inspect";
import type { Findings } from "./report.ts";

/** Names with more addresses exist; nobody waits for all of them. */
const maxAddresses = 16;

/** The addresses to try, in the resolver's order; empty if there is none. */
export async function resolveName(
  host: DialledHost,
  timeoutMs: number,
  findings: Findings,
): Promise<readonly string[]> {
  const { hostname } = host;
  if (isIP(hostname) !== 0) {
    findings.note("dns", `${hostname} is an address already`);
    return [hostname];
  }
  const startedAt = performance.now();
  const found = await Promise.race([lookUp(hostname), giveUpAfter(timeoutMs)]);
  const ms = performance.now() - startedAt;
  if (typeof found === "string") {
    findings.failed(
      "dns",
      engineFailures.create("dns-lookup-failed", { host: hostname, problem: found }),
      ms,
    );
    return [];
  }
  findings.passed("dns", `${hostname} is ${found.join(", ")}`, ms);
  return found.slice(0, maxAddresses);
}

/** The addresses, or what the resolver says instead. */
async function lookUp(hostname: string): Promise<readonly string[] | string> {
  try {
    const found = await lookup(hostname, { all: true, verbatim: true });
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "the resolver failed";
  }
}

function giveUpAfter(timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(resolve, timeoutMs, `no answer within ${timeoutMs} ms`).unref();
  });
}
