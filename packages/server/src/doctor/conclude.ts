/** From all checks to the one sentence at the end: what matters most, whose fault it is, and what to do. */
import type { Failure } from "@antiphon/websocket";
import { describeFault } from "../failures/fault-text.ts";
import type { Check, Conclusion } from "./report.ts";

/** The first failure decides; what came after it may be its consequence. Without failures, the first warning is told. */
export function conclude(checks: readonly Check[]): Conclusion {
  const failed = checks.find(({ verdict }) => verdict === "failed")?.failure;
  if (failed) {
    return { works: false, sentence: `It does not work: ${describeFailure(failed)}`, failure: failed };
  }
  const warnings = checks.filter(({ verdict }) => verdict === "warning");
  const warning = warnings[0]?.failure;
  if (!warning) return { works: true, sentence: "It works: every check passed." };
  const others = warnings.length > 1 ? `, with ${warnings.length} warnings; the first` : ", with one warning";
  return { works: true, sentence: `It works${others}: ${describeFailure(warning)}`, failure: warning };
}

/** What happened, its name, whose fault it is and the fix, as the rest of a sentence. */
export function describeFailure(failure: Failure): string {
  const { message, name, fix } = failure;
  return `${withoutStop(message)} [${name}], ${describeFault(failure)}; ${lowerStart(fix)}`;
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, "");
}

/** An order such as "Start the server" goes on in the sentence; a name such as "TLS" stays as it is. */
export function lowerStart(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
