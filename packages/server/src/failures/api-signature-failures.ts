/**
 * Why a request to the HTTP API could not be authenticated. Messages are safe to answer with: they hold only what the
 * requester sent, never a secret or the expected digest. The string that was signed is in the evidence, for the
 * operator's log. Raised by `pusher/request-signature.ts`.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const signature = {
  phase: "api-signature",
  faults: ["client"],
  certainty: "proved",
  severity: "fatal",
  spec: "Pusher HTTP API, authentication",
  httpStatus: 401,
  retry: "after-change",
} as const;

const definitions = {
  "api-signature-parameter-missing": defineFailure<{
    parameter: string;
    problem: "absent" | "empty" | "repeated";
  }>({
    ...signature,
    explain: ({ parameter, problem }) =>
      problem === "repeated"
        ? `The query parameter ${parameter} must be given once, as a single value.`
        : `The query parameter ${parameter} is ${problem}.`,
    fix: "Sign the request with a Pusher server library, or add auth_key, auth_timestamp, auth_version and auth_signature.",
  }),
  "api-signature-key-mismatch": defineFailure<{ key: string; appId: string }>({
    ...signature,
    explain: ({ key, appId }) => `auth_key "${key}" is not the key of app ${appId}.`,
    fix: "Take id, key and secret from the same app.",
  }),
  "api-signature-version-unsupported": defineFailure<{ version: string }>({
    ...signature,
    explain: ({ version }) => `auth_version is "${version}", not 1.0.`,
    fix: "Send auth_version=1.0.",
  }),
  "api-signature-timestamp-invalid": defineFailure<{ timestamp: string }>({
    ...signature,
    explain: ({ timestamp }) => `auth_timestamp "${timestamp}" is not a time in whole seconds since 1970.`,
    fix: "Send the Unix time in seconds, not in milliseconds and not as a date.",
  }),
  "api-signature-timestamp-expired": defineFailure<{
    timestamp: number;
    serverTime: number;
    skewSeconds: number;
    toleranceSeconds: number;
  }>({
    ...signature,
    explain: ({ timestamp, serverTime, skewSeconds, toleranceSeconds }) =>
      `auth_timestamp ${timestamp} is ${Math.abs(skewSeconds)} s ${skewSeconds < 0 ? "behind" : "ahead of"} ` +
      `this server's time ${serverTime}; ${toleranceSeconds} s are allowed.`,
    fix: "Synchronise both clocks (NTP), and sign each request anew instead of sending it again.",
  }),
  "api-signature-body-md5-missing": defineFailure<{ bodyBytes: number }>({
    ...signature,
    explain: ({ bodyBytes }) => `The request has a body of ${bodyBytes} bytes but no body_md5.`,
    fix: "Add body_md5, the hex MD5 of the exact body bytes, to the query before signing.",
  }),
  "api-signature-body-md5-mismatch": defineFailure<{ received: string; computed: string; bodyBytes: number }>(
    {
      ...signature,
      faults: ["client", "proxy"],
      explain: ({ received, computed, bodyBytes }) =>
        `body_md5 is ${received}, but the ${bodyBytes} body bytes that arrived have the MD5 ${computed}.`,
      fix: "Compute body_md5 over the bytes that are sent, after serialising, and let no proxy rewrite the body.",
    },
  ),
  "api-signature-malformed": defineFailure<{ length: number; looksLike: string }>({
    ...signature,
    explain: ({ length, looksLike }) =>
      `auth_signature has ${length} characters and ${looksLike}; 64 hex digits are needed.`,
    fix: "Send the HMAC-SHA256 as hex digits.",
  }),
  "api-signature-mismatch": defineFailure<{ cause: string; reason: string; signedText: string }>({
    ...signature,
    certainty: "proved",
    faults: ["client", "operator"],
    explain: ({ reason }) => `auth_signature does not match: ${reason}.`,
    fix: "Compare the string your library signs with the one in the server's log, and the secret with the app's.",
  }),
};

export const apiSignatureFailures = defineFailures(definitions);

export type ApiSignatureFailureName = keyof typeof apiSignatureFailures.definitions;
