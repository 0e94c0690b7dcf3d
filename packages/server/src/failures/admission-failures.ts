/**
 * Why a Pusher client was not let in. Each ends the connection with the code of the Pusher protocol, sent inside the
 * WebSocket because browsers hide the HTTP status of a failed upgrade. Raised by `pusher/admission.ts`.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const admission = { phase: "admission", certainty: "proved", severity: "fatal" } as const;

const definitions = {
  "node-draining": defineFailure({
    ...admission,
    faults: ["nobody"],
    spec: "Pusher protocol, code 4200",
    closeCode: 4200,
    retry: "now",
    explain: () => "This server is shutting down.",
    fix: "Reconnect at once: a load balancer will pick another node, or the restarted one.",
  }),
  "node-not-accepting": defineFailure({
    ...admission,
    faults: ["nobody"],
    // Not 4200, on which pusher-js is back within milliseconds, on this very node until the load balancer notices.
    spec: "Pusher protocol, code 4100",
    closeCode: 4100,
    retry: "backoff",
    explain: () => "This server is shutting down and takes no new connections.",
    fix: "Wait a second and reconnect: a load balancer will pick another node, or the restarted one.",
  }),
  "app-path-invalid": defineFailure<{ path: string }>({
    ...admission,
    faults: ["client", "proxy"],
    spec: "Pusher protocol, code 4005",
    closeCode: 4005,
    retry: "after-change",
    explain: ({ path }) => `The path ${path} is not /app/KEY.`,
    fix: "Connect to /app/ followed by the app key, and check what the proxy in front does to the path.",
  }),
  "protocol-version-missing": defineFailure({
    ...admission,
    faults: ["client"],
    spec: "Pusher protocol, code 4008",
    closeCode: 4008,
    retry: "after-change",
    explain: () => "The URL names no protocol version, and this app demands one.",
    fix: "Add ?protocol=7 to the URL, or switch the app's strictProtocol setting off.",
  }),
  "protocol-version-invalid": defineFailure<{ protocol: string }>({
    ...admission,
    faults: ["client"],
    spec: "Pusher protocol, code 4006",
    closeCode: 4006,
    retry: "after-change",
    explain: ({ protocol }) => `The protocol version "${protocol}" is not a whole number.`,
    fix: "Send ?protocol=7.",
  }),
  "protocol-version-unsupported": defineFailure<{ protocol: string; oldest: number; newest: number }>({
    ...admission,
    faults: ["client"],
    spec: "Pusher protocol, code 4007",
    closeCode: 4007,
    retry: "after-change",
    explain: ({ protocol, oldest, newest }) =>
      `Protocol version ${protocol} is not supported; this server speaks ${oldest} to ${newest}.`,
    fix: "Use a client library that speaks protocol 7.",
  }),
  "app-key-unknown": defineFailure<{ key: string }>({
    ...admission,
    faults: ["client", "operator"],
    spec: "Pusher protocol, code 4001",
    closeCode: 4001,
    retry: "after-change",
    explain: ({ key }) => `No app has the key "${key}".`,
    fix: "Compare the key in the client with the apps of this server; it must be the key, not the id or the secret.",
  }),
  "app-disabled": defineFailure<{ appId: string }>({
    ...admission,
    faults: ["operator"],
    spec: "Pusher protocol, code 4003",
    closeCode: 4003,
    retry: "after-change",
    explain: () => "This app is disabled.",
    fix: "Enable the app in the server's configuration or app store.",
  }),
  "app-tls-required": defineFailure<{ appId: string }>({
    ...admission,
    faults: ["client", "proxy"],
    spec: "Pusher protocol, code 4000",
    closeCode: 4000,
    retry: "after-change",
    explain: () => "This app accepts only encrypted connections, and this one is not.",
    fix: "Connect with wss://; behind a TLS proxy, trust it so that its X-Forwarded-Proto header counts.",
  }),
  "origin-not-allowed": defineFailure<{ origin: string }>({
    ...admission,
    faults: ["operator", "client"],
    spec: "Pusher protocol, code 4009",
    closeCode: 4009,
    retry: "after-change",
    explain: ({ origin }) => `Pages from the origin ${origin} may not connect to this app.`,
    fix: "Add the origin, or its host name, to the app's allowedOrigins.",
  }),
  "origin-missing": defineFailure({
    ...admission,
    faults: ["client", "operator"],
    spec: "Pusher protocol, code 4009",
    closeCode: 4009,
    retry: "after-change",
    explain: () => "The handshake carries no Origin header, and this app demands one.",
    fix: "Native and server clients send no Origin: switch requireOrigin off for apps that they use.",
  }),
  "app-connections-exceeded": defineFailure<{ appId: string; limit: number }>({
    ...admission,
    faults: ["operator"],
    spec: "Pusher protocol, code 4004",
    closeCode: 4004,
    retry: "after-change",
    explain: ({ limit }) => `This app already has its ${limit} allowed connections.`,
    fix: "Raise the app's maxConnections, or find out who holds the connections.",
  }),
  "app-unauthenticated-exceeded": defineFailure<{ appId: string; limit: number }>({
    ...admission,
    faults: ["client", "operator"],
    certainty: "likely",
    spec: "Pusher protocol, code 4100",
    closeCode: 4100,
    retry: "backoff",
    explain: ({ limit }) => `${limit} connections of this app still have to sign in, as many as may wait.`,
    fix: "Find out who connects without signing in, or raise the app's connection.maxUnauthenticatedConnections.",
  }),
  "node-overloaded": defineFailure({
    ...admission,
    faults: ["server"],
    spec: "Pusher protocol, code 4100",
    closeCode: 4100,
    retry: "backoff",
    explain: () => "This server is at its capacity.",
    fix: "Add nodes or memory, or raise the server's ceiling.",
  }),
};

export const admissionFailures = defineFailures(definitions);

export type AdmissionFailureName = keyof typeof admissionFailures.definitions;
