/** Keeps silent on an open connection, and says after how long and by whom it was cut. */
import type { Fingerprint } from "./fingerprints.ts";
import { nameIdleCut } from "./idle-limits.ts";
import type { ObservedConnection } from "./observed-connection.ts";
import type { Findings } from "./report.ts";

const endings = {
  fin: "TCP was ended (FIN)",
  reset: "TCP was reset (RST)",
  destroyed: "TCP was ended",
} as const;

/** Waits until the time is over or the connection has ended. Pings are answered, as every client does. */
export async function watchSilence(
  connection: ObservedConnection,
  idleMs: number,
  fingerprints: readonly Fingerprint[],
  findings: Findings,
): Promise<void> {
  const startedAt = performance.now();
  let lastHeardAt = startedAt;
  let pings = 0;
  for (;;) {
    const leftMs = idleMs - (performance.now() - startedAt);
    const occurrence = leftMs <= 0 ? undefined : await connection.next(leftMs);
    const now = performance.now();
    if (occurrence === undefined) break;
    if (occurrence.type === "closed") {
      const silentMs = now - lastHeardAt;
      const { report } = occurrence;
      const cut = report.received ? `a Close frame with ${report.code} came` : endings[report.tcp];
      findings.note("idle", `after ${formatSeconds(silentMs)} of silence ${cut}`);
      findings.failed("idle", nameIdleCut(report, silentMs, fingerprints), now - startedAt);
      return;
    }
    lastHeardAt = now;
    if (occurrence.type === "ping") {
      pings += 1;
      if (pings === 1) findings.note("idle", `the server pings after ${formatSeconds(now - startedAt)}`);
    }
  }
  const kept = pings > 0 ? `, kept awake by ${pings} pings of the server` : "";
  findings.passed("idle", `still open after ${formatSeconds(idleMs)} of silence${kept}`, idleMs);
}

function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
