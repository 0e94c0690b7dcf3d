/** What can end a client's attempt before HTTP: DNS, TCP, the tunnel through a proxy, TLS. Raised in `client/`. */
import { defineFailure } from "./failure.ts";

const transport = { phase: "transport", certainty: "proved", severity: "fatal" } as const;
const tls = {
  ...transport,
  faults: ["server"],
  retry: "after-change",
  spec: "RFC 6455 §4.1 item 5",
} as const;
const proxy = { ...transport, phase: "proxy", faults: ["proxy"], spec: "RFC 9110 §9.3.6" } as const;

/** `code` is the platform's name of the error, such as ENOTFOUND. */
type SystemError = { readonly code: string };

export const transportFailures = {
  "dns-lookup-failed": defineFailure<{ host: string; problem: string }>({
    ...transport,
    faults: ["client", "network"],
    spec: "RFC 6455 §4.1",
    retry: "backoff",
    explain: ({ host, problem }) => `The name ${host} has no address: ${problem}.`,
    fix: "Check the host name in the URL and the machine's DNS settings.",
  }),
  "tcp-connect-refused": defineFailure<{ address: string }>({
    ...transport,
    faults: ["server"],
    spec: "RFC 6455 §4.1",
    retry: "backoff",
    explain: ({ address }) => `Nothing listens at ${address}.`,
    fix: "Start the server, or correct the port.",
  }),
  "tcp-connect-timeout": defineFailure<{ address: string; timeoutMs?: number }>({
    ...transport,
    faults: ["network"],
    spec: "RFC 6455 §4.1",
    retry: "backoff",
    explain: ({ address, timeoutMs }) =>
      timeoutMs === undefined
        ? `${address} did not answer.`
        : `${address} did not answer within ${timeoutMs} ms.`,
    fix: "Open the port in the firewall or security group.",
  }),
  "tcp-connect-failed": defineFailure<SystemError & { address: string }>({
    ...transport,
    faults: ["network", "client"],
    spec: "RFC 6455 §4.1",
    retry: "backoff",
    explain: ({ code, address }) => `No TCP connection to ${address} could be made (${code}).`,
    fix: "Check this machine's network, its routes and its limits; the code names what the system refused.",
  }),
  "ephemeral-ports-exhausted": defineFailure<{ address: string }>({
    ...transport,
    faults: ["client", "proxy"],
    spec: "RFC 6455 §4.1",
    retry: "backoff",
    explain: ({ address }) => `This machine has no local port left for a connection to ${address}.`,
    fix: "Spread the load over several source addresses, or raise the local port range.",
  }),
  "connect-aborted-by-caller": defineFailure({
    ...transport,
    phase: "client",
    faults: ["application"],
    spec: "RFC 6455 §4.1",
    retry: "not-applicable",
    explain: () => "The attempt was aborted through its signal before the connection was open.",
    fix: "Your own code cancelled the attempt (a timeout or a navigation); the cause holds the signal's reason.",
  }),
  "tls-certificate-untrusted": defineFailure<SystemError>({
    ...tls,
    explain: ({ code }) => `The server's certificate is not trusted (${code}).`,
    fix: "Install the full certificate chain from a trusted authority, or pass your own authority in tls.ca.",
  }),
  "tls-certificate-expired": defineFailure<SystemError>({
    ...tls,
    explain: ({ code }) => `The server's certificate is not valid at this time (${code}).`,
    fix: "Renew the certificate and check the clocks of both machines.",
  }),
  "tls-hostname-mismatch": defineFailure<{ host: string }>({
    ...tls,
    faults: ["server", "client"],
    explain: ({ host }) => `The server's certificate does not name ${host}.`,
    fix: "Connect by the name in the certificate or issue one for this name.",
  }),
  "tls-client-certificate-required": defineFailure<SystemError>({
    ...tls,
    faults: ["client"],
    explain: ({ code }) => `The server demands a client certificate that it accepts (${code}).`,
    fix: "Give the client its certificate and key in tls.cert and tls.key.",
  }),
  "tls-version-or-cipher": defineFailure<SystemError>({
    ...tls,
    faults: ["client", "server"],
    explain: ({ code }) => `Client and server share no TLS version or cipher (${code}).`,
    fix: "Enable TLS 1.2 or 1.3 on the older side.",
  }),
  "tls-alpn-h2-selected": defineFailure<SystemError>({
    ...tls,
    faults: ["proxy"],
    spec: "RFC 8441 §3, RFC 7301",
    explain: ({ code }) => `The TLS endpoint does not speak HTTP/1.1, as ALPN shows (${code}).`,
    fix: "Offer http/1.1 in the TLS terminator's ALPN list for this host.",
  }),
  "tls-handshake-timeout": defineFailure<{ timeoutMs: number }>({
    ...tls,
    faults: ["server", "network"],
    retry: "backoff",
    explain: ({ timeoutMs }) => `TCP was open, but TLS was not set up within ${timeoutMs} ms.`,
    fix: "Check that the port speaks TLS, and look for a blocked event loop or a broken path.",
  }),
  "tls-closed-early": defineFailure<SystemError>({
    ...tls,
    faults: ["server", "proxy", "network"],
    retry: "backoff",
    explain: ({ code }) => `The connection ended while TLS was being set up (${code}).`,
    fix: "The server or a proxy cut the connection; check that it serves this host name with TLS, and its log.",
  }),
  "tls-failed": defineFailure<SystemError>({
    ...tls,
    faults: ["server", "client"],
    explain: ({ code }) => `TLS could not be set up (${code}).`,
    fix: "Look the code up in the documentation of OpenSSL; the cause holds the full error.",
  }),
  "proxy-url-invalid": defineFailure<{ problem: string }>({
    ...proxy,
    faults: ["operator"],
    retry: "after-change",
    explain: ({ problem }) => `The proxy cannot be used: ${problem}.`,
    fix: "Give an http:// or https:// URL of a proxy that serves CONNECT.",
  }),
  "proxy-connect-timeout": defineFailure<{ timeoutMs: number }>({
    ...proxy,
    faults: ["proxy", "network"],
    retry: "backoff",
    explain: ({ timeoutMs }) => `The proxy did not answer CONNECT within ${timeoutMs} ms.`,
    fix: "Check that the proxy can reach the server; it waits for it before it answers.",
  }),
  "proxy-response-invalid": defineFailure<{ problem: string }>({
    ...proxy,
    retry: "backoff",
    explain: ({ problem }) => `The proxy gave no usable answer to CONNECT: ${problem}`,
    fix: "Check host and port of the proxy, and whether it wants TLS (https:// in its URL).",
  }),
} as const;
