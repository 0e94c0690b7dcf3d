/**
 * What a proxy or middle box between the two peers did to a handshake.
 * Seen from one side most of it is likely rather than proved, and the entries say so.
 */
import { defineFailure } from "./failure.ts";

const proxy = { phase: "proxy", faults: ["proxy"], severity: "fatal", retry: "after-change" } as const;

/** Failures that a middle box causes during the handshake. */
export const proxyFailures = {
  "proxy-protocol-preamble": defineFailure<{ version: number }>({
    ...proxy,
    certainty: "proved",
    spec: "PROXY protocol §2",
    httpStatus: 400,
    explain: ({ version }) =>
      `The stream starts with a PROXY protocol header (version ${version}) where HTTP is expected.`,
    fix: "The load balancer sends PROXY protocol; enable it in the server or switch it off there.",
  }),
  "proxy-http10-upstream": defineFailure<{ version: string; header: string }>({
    ...proxy,
    certainty: "likely",
    spec: "RFC 9110 §7.8",
    httpStatus: 426,
    explain: ({ version, header }) =>
      `A proxy (it added ${header}) forwarded the handshake as HTTP/${version}, which cannot be upgraded.`,
    fix: "Set the proxy's upstream protocol to HTTP/1.1 (nginx: proxy_http_version 1.1).",
  }),
  "proxy-auth-required": defineFailure<{ challenge: string | undefined }>({
    ...proxy,
    faults: ["client"],
    certainty: "proved",
    spec: "RFC 9110 §15.5.8",
    explain: ({ challenge }) =>
      challenge === undefined
        ? "The proxy answered 407: it wants credentials."
        : `The proxy answered 407: it wants ${challenge} credentials.`,
    fix: "Configure user and password for the proxy.",
  }),
  "proxy-connect-refused": defineFailure<{ status: number }>({
    ...proxy,
    certainty: "proved",
    spec: "RFC 9110 §9.3.6",
    explain: ({ status }) => `The proxy answered CONNECT with status ${status}.`,
    fix: "Ask for the target port to be allowed in the proxy; port 443 works most often.",
  }),
  "proxy-injected-html": defineFailure<{ shownBy: string }>({
    ...proxy,
    faults: ["proxy", "network"],
    certainty: "likely",
    retry: "backoff",
    spec: "RFC 6585 §6",
    explain: ({ shownBy }) => `Something on the way answered instead of the server: ${shownBy}.`,
    fix: "A captive portal, antivirus or firewall answered instead of the server; use wss:// and check the network.",
  }),
};
