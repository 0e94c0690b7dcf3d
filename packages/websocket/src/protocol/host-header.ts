/**
 * The host rules of a handshake request (RFC 9112 §3.2): exactly one Host, well-formed, and on the list of allowed
 * hosts where the operator keeps one, as a defence against DNS rebinding.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { hideUserInfo, toEvidenceText } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import type { HeaderFields } from "./header-fields.ts";

const hostAndPort = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+;=]+)(?::(\d{0,5}))?$/;

export type HostVerdict =
  | { readonly ok: true; readonly host: string }
  | { readonly ok: false; readonly failure: Failure };

/**
 * Judges Host. `authority` is that of an absolute-form target: it replaces the value of Host, which must still be there.
 * An allowed host with a port allows that port only, without one any port; letter case does not count.
 */
export function judgeHost(
  fields: HeaderFields,
  authority: string | undefined,
  allowedHosts: readonly string[] | undefined,
): HostVerdict {
  const values = fields.all("host");
  if (values.length === 0) return refuse(engineFailures.create("handshake-host-missing"));
  if (values.length > 1) {
    return refuse(engineFailures.create("handshake-host-duplicated", { count: values.length }));
  }
  for (const host of [values[0]!, authority ?? values[0]!]) {
    if (!isHostAndPort(host)) {
      return refuse(
        engineFailures.create("handshake-host-invalid", { host: toEvidenceText(hideUserInfo(host)) }),
      );
    }
  }
  const host = authority ?? values[0]!;
  if (allowedHosts !== undefined && !isAllowed(host, allowedHosts)) {
    return refuse(engineFailures.create("handshake-host-not-allowed", { host: toEvidenceText(host) }));
  }
  return { ok: true, host };
}

/** Whether `text` is `name[:port]`, an IPv6 address standing in brackets. */
export function isHostAndPort(text: string): boolean {
  const match = hostAndPort.exec(text);
  return match !== null && Number(match[2] ?? 0) <= 65_535;
}

function isAllowed(host: string, allowedHosts: readonly string[]): boolean {
  const wanted = host.toLowerCase();
  const name = hostAndPort.exec(wanted)?.[1];
  return allowedHosts.some((allowed) => [wanted, name].includes(allowed.toLowerCase()));
}

function refuse(failure: Failure): HostVerdict {
  return { ok: false, failure };
}
