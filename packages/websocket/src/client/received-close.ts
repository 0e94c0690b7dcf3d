/** What the end of a connection means to somebody who wanted it to stay: a close report in, a failure or none out. */
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import { type Failure, FailureError } from "../failures/failure.ts";
import type { CloseReport } from "../node/close-report.ts";
import { closeCodes } from "../protocol/close-codes.ts";

const nameByCode = new Map([
  [closeCodes.normal, "close-normal"],
  [closeCodes.goingAway, "close-going-away"],
  [closeCodes.protocolError, "close-protocol-error-received"],
  [closeCodes.unsupportedData, "close-unsupported-data-received"],
  [closeCodes.noStatus, "close-no-status"],
  [closeCodes.invalidData, "close-invalid-data-received"],
  [closeCodes.policyViolation, "close-policy-violation"],
  [closeCodes.tooBig, "close-too-big-received"],
  [closeCodes.mandatoryExtension, "close-mandatory-extension"],
  [closeCodes.internalError, "close-internal-error"],
  [closeCodes.serviceRestart, "close-service-restart"],
  [closeCodes.tryAgainLater, "close-try-again-later"],
  [closeCodes.badGateway, "close-bad-gateway"],
] as const);

/** Names a Close frame of the peer; `close-without-frame` for 1006. */
export function nameReceivedClose(code: number, reason: string): Failure {
  if (code === closeCodes.abnormal) return engineFailures.create("close-without-frame");
  // The keys are the known codes, and any number may be asked for.
  const name =
    (nameByCode as ReadonlyMap<number, typeof nameByCode extends Map<unknown, infer N> ? N : never>).get(
      code,
    ) ?? (code >= 4000 ? "close-application-code" : "close-registered-code");
  return engineFailures.create(name, { code, reason: toEvidenceText(reason) });
}

/** Codes after which nobody expected more. */
const ordinaryCodes: ReadonlySet<number> = new Set([
  closeCodes.normal,
  closeCodes.goingAway,
  closeCodes.noStatus,
]);

/**
 * The failure that ended a connection; undefined for an ordinary end: 1000, 1001, 1005, or this side closed it itself.
 */
export function findEndFailure(report: CloseReport): Failure | undefined {
  if (report.failure) return report.failure;
  if (report.initiator === "local" || ordinaryCodes.has(report.code)) return undefined;
  return nameReceivedClose(report.code, report.reason);
}

/** Ends a `for await` over the messages of a connection that did not end in an ordinary way. */
export class ConnectionClosedError extends FailureError {
  readonly report: CloseReport;

  constructor(failure: Failure, report: CloseReport) {
    super(failure);
    this.report = report;
  }
}
