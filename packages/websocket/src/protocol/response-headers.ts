/**
 * Which headers an application may put on the answer to a handshake. Those that the handshake itself depends on stay
 * with the engine, and nothing may break out of its line.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import { describeUnsendableHeader, type HeaderLine } from "./header-fields.ts";

const reservedNames: ReadonlySet<string> = new Set([
  "upgrade",
  "connection",
  "content-length",
  "transfer-encoding",
  "trailer",
]);

/** Whether only the engine may set the header of this name, in any letter case, on either side of the handshake. */
export function isReservedHeader(name: string): boolean {
  const lowerCase = name.toLowerCase();
  return reservedNames.has(lowerCase) || lowerCase.startsWith("sec-websocket-");
}

/** The failure (500) of the first header that an application must not set; undefined if all are fine. */
export function judgeHookHeaders(headers: readonly HeaderLine[]): Failure | undefined {
  for (const line of headers) {
    const problem = isReservedHeader(line[0]) ? "only the engine may set it" : describeUnsendableHeader(line);
    if (problem !== undefined) {
      return engineFailures.create("handshake-hook-illegal-header", {
        header: toEvidenceText(line[0]),
        problem,
      });
    }
  }
  return undefined;
}
