/** Settings that say where another server is: addresses with a port, URLs that may hold a password, and TLS towards it. */

import { z } from "zod";
import { flag, optionalText, type SettingMeta } from "../setting.ts";

/** `host:port`, an IPv6 address in brackets. */
const hostAndPort = /^(?:[^\s:/@[\]]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/;

/** Addresses as `host:port`; none by default. */
export function addresses(meta: SettingMeta) {
  return z
    .array(z.string().regex(hostAndPort, { error: "an address such as redis-1.internal:6379" }))
    .max(100)
    .default([])
    .meta({ ...meta });
}

/** Whether the text is a URL of one of these schemes that names a host. */
export function isServerUrl(text: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  return schemes.includes(protocol.slice(0, -1)) && hostname !== "" && isEscaped(username + password);
}

function isEscaped(text: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(text);
}

/** Certificates for TLS as a client; files are PEM. */
export function clientCertificates(server: string) {
  return {
    enabled: flag(false, { description: `Connect to ${server} over TLS, and not without.` }),
    ca: optionalText({
      description: `File with the certificate authorities that ${server} is trusted by, in PEM; left out, those of Node.`,
    }),
    cert: optionalText({ description: "File with a client certificate in PEM." }),
    key: optionalText({ description: "File with the private key of that certificate in PEM." }),
  };
}

/** Whether a certificate and its key are both there, or neither. */
export function isPair(tls: { readonly cert?: string; readonly key?: string }): boolean {
  return (tls.cert === undefined) === (tls.key === undefined);
}

/** What to say of TLS settings that are no {@link isPair}. */
export const pairExpected = {
  error: "a client certificate and its private key together: tls.cert and tls.key",
};
