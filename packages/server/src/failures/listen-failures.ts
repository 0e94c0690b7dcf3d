/**
 * Why a server could not begin to listen: an error of `net.Server.listen` in, a named failure with the fix out. Raised
 * by `antiphon start`, which then exits with 3.
 */

import { defineFailure, defineFailures, type Failure } from "@antiphon/websocket";

const listenFailure = {
  phase: "listen",
  faults: ["operator"],
  certainty: "proved",
  severity: "fatal",
  spec: "POSIX bind(2), listen(2)",
  retry: "after-change",
} as const;

interface ListenEvidence extends Record<string, string | number> {
  address: string;
}

/** Everything that keeps a server from listening. */
export const listenFailures = defineFailures({
  "listen-address-in-use": defineFailure<ListenEvidence>({
    ...listenFailure,
    explain: ({ address }) => `Another program already listens on ${address}.`,
    fix: "Stop that program, or choose another port with --port (metrics: --metrics-port).",
  }),
  "listen-permission-denied": defineFailure<ListenEvidence>({
    ...listenFailure,
    explain: ({ address }) => `The operating system does not let this user listen on ${address}.`,
    fix: "Choose a port from 1024 up, or grant CAP_NET_BIND_SERVICE.",
  }),
  "listen-address-unavailable": defineFailure<ListenEvidence>({
    ...listenFailure,
    explain: ({ address }) => `${address} is not an address of this machine.`,
    fix: "Listen on 127.0.0.1, on 0.0.0.0, or on an address that a network interface has.",
  }),
  "listen-host-unknown": defineFailure<ListenEvidence>({
    ...listenFailure,
    explain: ({ address }) => `The host name of ${address} cannot be resolved.`,
    fix: "Give an IP address, or a name that this machine can resolve.",
  }),
});

const nameByErrorCode = {
  EADDRINUSE: "listen-address-in-use",
  EACCES: "listen-permission-denied",
  EPERM: "listen-permission-denied",
  EADDRNOTAVAIL: "listen-address-unavailable",
  ENOTFOUND: "listen-host-unknown",
  EAI_AGAIN: "listen-host-unknown",
} as const;

/** Names the failure behind an error of `listen`; `undefined` for errors that did not come from listening. */
export function explainListenError(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  // Node puts these fields on system errors; its types only know them on the ErrnoException interface.
  const { code, address, hostname, port } = error as NodeJS.ErrnoException & {
    address?: string;
    hostname?: string;
    port?: number;
  };
  if (code === undefined || !Object.hasOwn(nameByErrorCode, code)) {
    return error.cause === undefined ? undefined : explainListenError(error.cause);
  }
  const named = address ?? hostname ?? "the address";
  const host = named.includes(":") ? `[${named}]` : named;
  // The key was just checked against the table.
  const name = nameByErrorCode[code as keyof typeof nameByErrorCode];
  return listenFailures.create(name, { address: port === undefined ? host : `${host}:${port}` });
}
