/**
 * Close codes: which exist, which may stand in a Close frame, which an application may ask for (RFC 6455 §7.4, IANA).
 */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Local marker: the Close frame had no code. Never on the wire. */
  noStatus: 1005,
  /** Local marker: TCP ended without a Close frame. Never on the wire. */
  abnormal: 1006,
  invalidData: 1007,
  policyViolation: 1008,
  tooBig: 1009,
  mandatoryExtension: 1010,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badGateway: 1014,
  /** Local marker: TLS failed. Never on the wire. */
  tlsFailure: 1015,
} as const;

export type CloseCodeFault = "close-code-reserved-on-wire" | "close-code-out-of-range";

/** Why this code must not stand in a Close frame, or `undefined` if it may. */
export function judgeCloseCode(code: number): CloseCodeFault | undefined {
  if (!Number.isInteger(code)) return "close-code-out-of-range";
  if (code >= 3000 && code <= 4999) return undefined;
  if (code === 1004 || code === 1005 || code === 1006 || code === 1015) return "close-code-reserved-on-wire";
  if (code >= 1000 && code <= 1014) return undefined;
  return "close-code-out-of-range";
}

/** Codes that a page may pass to `close()`, and so what `close()` takes by default here too (WHATWG). */
export function isApplicationCloseCode(code: number): boolean {
  return code === closeCodes.normal || (Number.isInteger(code) && code >= 3000 && code <= 4999);
}
