/** What a TLS server shows of itself: its certificate, whether this machine believes it, and how long it lasts. */
import {
  checkServerIdentity,
  type DetailedPeerCertificate,
  type PeerCertificate,
  type TLSSocket,
} from "node:tls";
import type { Failure } from "@antiphon/websocket";
import { nameTlsError } from "@antiphon/websocket/inspect";
import { doctorFailures } from "../failures/doctor-failures.ts";
import { shortenText } from "../cli/safe-text.ts";

const dayMs = 86_400_000;
/** Most certificates are renewed a month before their end; two weeks before it that has failed. */
const renewalDays = 14;
const maxChain = 10;

/** A statement about the certificate, and the failure if it is not as it should be. */
export interface CertificateFact {
  readonly text: string;
  readonly failure?: Failure;
}

/** Names, chain and dates. `now` is the time of day. */
export function judgeCertificate(socket: TLSSocket, hostname: string, now: number): CertificateFact[] {
  const certificate = socket.getPeerCertificate(true);
  // An empty object stands for no certificate.
  if (Object.keys(certificate).length === 0) return [{ text: "the server showed no certificate" }];
  const failures = listFailures(socket, certificate, hostname, now);
  const names = `certificate for ${describeNames(certificate)}, issued by ${describeChain(certificate)}`;
  const dates = describeDates(certificate, now);
  const [worst] = failures;
  return [
    { text: names },
    { text: dates },
    ...failures.map((failure) => ({ text: failure.message, failure })),
    ...(worst ? [] : [{ text: `this machine trusts it for ${hostname}` }]),
  ];
}

/** What OpenSSL says first; it stops there, so the dates and the name are looked at again. */
function listFailures(
  socket: TLSSocket,
  certificate: PeerCertificate,
  hostname: string,
  now: number,
): Failure[] {
  const failures: Failure[] = [];
  const add = (failure: Failure): void => {
    if (!failures.some(({ name }) => name === failure.name)) failures.push(failure);
  };
  // The types promise an Error, but it is the code of one; null if the certificate is fine.
  const code = socket.authorizationError as unknown as string | null;
  if (typeof code === "string") add(nameTlsError(toError(code), hostname));
  const until = Date.parse(certificate.valid_to);
  if (until < now) add(nameTlsError(toError("CERT_HAS_EXPIRED"), hostname));
  if (Date.parse(certificate.valid_from) > now) add(nameTlsError(toError("CERT_NOT_YET_VALID"), hostname));
  if (checkServerIdentity(hostname, certificate)) {
    add(nameTlsError(toError("ERR_TLS_CERT_ALTNAME_INVALID"), hostname));
  }
  const days = Math.floor((until - now) / dayMs);
  if (failures.length === 0 && days < renewalDays) {
    add(doctorFailures.create("tls-certificate-expires-soon", { days, until: formatDay(until) }));
  }
  return failures;
}

function toError(code: string): Error & { code: string } {
  return Object.assign(new Error(code), { code });
}

function describeNames({ subject, subjectaltname }: PeerCertificate): string {
  const names = subjectaltname?.split(", ").map((name) => name.replace(/^(?:DNS|IP Address):/, "")) ?? [];
  const [first = firstOf(subject.CN) ?? "nobody", ...others] = names;
  return shortenText(others.length === 0 ? first : `${first} and ${others.length} more`, 100);
}

function describeChain(certificate: DetailedPeerCertificate): string {
  const issuers: string[] = [];
  let link = certificate;
  while (issuers.length < maxChain) {
    issuers.push(firstOf(link.issuer.CN) ?? firstOf(link.issuer.O) ?? "nobody");
    // The root is its own issuer, and a chain that was sent incomplete ends without one.
    if (!link.issuerCertificate || link.issuerCertificate === link) break;
    link = link.issuerCertificate;
  }
  const unique = issuers.filter((issuer, index) => issuer !== issuers[index - 1]);
  const isSelfSigned = certificate.issuerCertificate === certificate;
  return shortenText(isSelfSigned ? `${unique[0]} (itself)` : unique.join(", by "), 160);
}

function describeDates({ valid_from, valid_to }: PeerCertificate, now: number): string {
  const until = Date.parse(valid_to);
  const days = Math.floor((until - now) / dayMs);
  const left = days >= 0 ? `${countDays(days)} left` : `over for ${countDays(-days)}`;
  return `valid from ${formatDay(Date.parse(valid_from))} until ${formatDay(until)} (${left})`;
}

function countDays(days: number): string {
  return days === 1 ? "1 day" : `${days} days`;
}

function formatDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Names that occur twice come as a list, whatever the types say. */
function firstOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" || value === undefined ? value : value[0];
}
