/**
 * Why a request to the HTTP side was refused: routes, bodies, payloads, limits and the state of the server. Messages are
 * answered to the requester, so they hold only what the requester sent. Raised by `http/`; failures of the signature are
 * in `api-signature-failures.ts`.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const request = {
  phase: "http",
  faults: ["client"],
  certainty: "proved",
  severity: "warning",
  retry: "after-change",
} as const;
const transport = { ...request, spec: "RFC 9112" } as const;
const routing = { ...request, spec: "Pusher HTTP API, routes" } as const;
const body = { ...request, spec: "Pusher HTTP API, request body", httpStatus: 400 } as const;
const payload = { ...request, spec: "Pusher HTTP API, events", httpStatus: 400 } as const;
const reading = { ...request, spec: "Pusher HTTP API, channels", httpStatus: 400 } as const;
const state = {
  ...request,
  spec: "Pusher HTTP API, errors",
  faults: ["operator"],
  retry: "backoff",
  httpStatus: 503,
} as const;

const definitions = {
  "http-malformed": defineFailure<{ code: string }>({
    ...transport,
    httpStatus: 400,
    explain: ({ code }) => `The bytes that arrived are not a request of HTTP/1.1 (${code}).`,
    fix: "Speak HTTP/1.1 to this port, with TLS only if the server has a certificate.",
  }),
  "http-headers-too-large": defineFailure({
    ...transport,
    httpStatus: 431,
    explain: () => "The request line and header fields are larger than the server accepts.",
    fix: "Send fewer or shorter header fields, or raise limits.maxHeaderBytes.",
  }),
  "http-request-timeout": defineFailure({
    ...transport,
    faults: ["client", "network"],
    retry: "backoff",
    httpStatus: 408,
    explain: () => "The request did not arrive completely in time.",
    fix: "Send requests in one go, or raise limits.requestTimeoutMs for slow links.",
  }),
  "http-path-malformed": defineFailure({
    ...routing,
    httpStatus: 400,
    explain: () => "The path holds percent-encoding that is not valid UTF-8.",
    fix: "Encode channel names and user ids in the path with encodeURIComponent or its like.",
  }),
  "http-route-unknown": defineFailure<{ method: string; path: string }>({
    ...routing,
    severity: "info",
    httpStatus: 404,
    explain: ({ method, path }) => `There is no route ${method} ${path}.`,
    fix: "Use the paths of the Pusher HTTP API: /apps/APP_ID/events, /batch_events, /channels, /users.",
  }),
  "http-method-not-allowed": defineFailure<{ method: string; path: string; allow: string }>({
    ...routing,
    httpStatus: 405,
    explain: ({ method, path, allow }) => `${path} takes ${allow}, not ${method}.`,
    fix: "Use one of the methods in the Allow header.",
  }),
  "http-upgrade-required": defineFailure({
    ...routing,
    spec: "RFC 9110 §15.5.22, RFC 6455 §4.2.1",
    faults: ["client", "proxy"],
    certainty: "likely",
    httpStatus: 426,
    explain: () => "This is a WebSocket endpoint, and the request does not ask for an upgrade to WebSocket.",
    fix: "Connect with a WebSocket client; if one did, let the proxy in between pass the Upgrade and Connection headers on.",
  }),
  "http-app-unknown": defineFailure<{ named: string }>({
    ...routing,
    faults: ["client", "operator"],
    httpStatus: 404,
    explain: ({ named }) => `There is no app with the ${named}.`,
    fix: "Compare the app id of the publisher (case counts) with the server's configuration.",
  }),
  "http-app-disabled": defineFailure<{ appId: string }>({
    ...routing,
    faults: ["operator"],
    httpStatus: 403,
    explain: ({ appId }) => `The app ${appId} is disabled.`,
    fix: "Enable the app in the server's configuration.",
  }),
  "http-body-too-large": defineFailure<{ limit: number }>({
    ...body,
    httpStatus: 413,
    explain: ({ limit }) => `The request body is larger than ${limit} bytes.`,
    fix: "Send smaller batches, or raise limits.maxRequestBytes.",
  }),
  "http-body-incomplete": defineFailure<{ receivedBytes: number }>({
    ...body,
    faults: ["client", "network"],
    retry: "backoff",
    explain: ({ receivedBytes }) =>
      `The connection ended after ${receivedBytes} bytes of an unfinished request body.`,
    fix: "Send the request again; if it happens often, look at timeouts of the client and of proxies.",
  }),
  "http-body-not-utf8": defineFailure({
    ...body,
    explain: () => "The request body is not valid UTF-8.",
    fix: "Encode the JSON body as UTF-8.",
  }),
  "http-body-not-json": defineFailure<{ bodyBytes: number; position?: number }>({
    ...body,
    explain: ({ bodyBytes, position }) => {
      if (bodyBytes === 0) return "The request has no body.";
      return `The request body is not JSON${position === undefined ? "" : `: it breaks at position ${position}`}.`;
    },
    fix: "Send a JSON object as the request body.",
  }),
  "http-body-not-object": defineFailure<{ type: string }>({
    ...body,
    explain: ({ type }) => `The request body is JSON, but ${type}, not an object.`,
    fix: "Send a JSON object as the request body.",
  }),
  "http-field-missing": defineFailure<{ field: string }>({
    ...payload,
    explain: ({ field }) => `The field ${field} is missing.`,
    fix: "Add the field; an event needs name, data, and channel or channels.",
  }),
  "http-field-invalid": defineFailure<{ field: string; problem: string }>({
    ...payload,
    explain: ({ field, problem }) => `The field ${field} ${problem}.`,
    fix: "Send the field in the form that the Pusher HTTP API describes.",
  }),
  "http-event-name-too-long": defineFailure<{ field: string; length: number; limit: number }>({
    ...payload,
    explain: ({ field, length, limit }) =>
      `The field ${field} has ${length} characters; ${limit} are allowed.`,
    fix: "Shorten the event name, or raise the app's events.maxNameLength.",
  }),
  "http-event-name-reserved": defineFailure<{ field: string; prefix: string }>({
    ...payload,
    explain: ({ field, prefix }) =>
      `The field ${field} starts with ${prefix}, which only the server may use.`,
    fix: "Choose another event name, or set the app's events.allowReservedNames for tests that forge such events.",
  }),
  "http-data-too-large": defineFailure<{ field: string; bytes: number; limit: number }>({
    ...payload,
    httpStatus: 413,
    explain: ({ field, bytes, limit }) => `The field ${field} has ${bytes} bytes; ${limit} are allowed.`,
    fix: "Send less and let clients fetch the rest, or raise the app's events.maxDataBytes.",
  }),
  "http-channel-name-invalid": defineFailure<{ field: string; channel: string; problem: string }>({
    ...payload,
    explain: ({ field, channel, problem }) => `The channel name "${channel}" in ${field} ${problem}.`,
    fix: "Use 1 to channels.maxNameLength letters, digits and _ - = @ , . ; in channel names.",
  }),
  "http-channels-too-many": defineFailure<{ field: string; count: number; limit: number }>({
    ...payload,
    explain: ({ field, count, limit }) =>
      `The field ${field} names ${count} channels; ${limit} are allowed in one event.`,
    fix: "Publish in several requests, or raise the app's events.maxChannelsPerEvent.",
  }),
  "http-batch-size-invalid": defineFailure<{ field: string; count: number; limit: number }>({
    ...payload,
    explain: ({ count, limit }) => `The batch holds ${count} events; 1 to ${limit} are allowed.`,
    fix: "Split the batch, or raise the app's events.maxBatchItems.",
  }),
  "http-info-unavailable": defineFailure<{ field: string; attribute: string; problem: string }>({
    ...reading,
    explain: ({ attribute, problem }) => `info cannot hold "${attribute}" here: ${problem}.`,
    fix: "Ask for user_count (presence channels), subscription_count, or cache (one cache channel).",
  }),
  "http-channel-not-presence": defineFailure<{ channel: string }>({
    ...reading,
    explain: ({ channel }) => `Only presence channels have users, and "${channel}" is none.`,
    fix: "Ask for a channel whose name starts with presence-.",
  }),
  "http-channel-unknown": defineFailure<{ channel: string }>({
    ...reading,
    httpStatus: 404,
    retry: "backoff",
    explain: ({ channel }) => `Nobody is in the channel "${channel}".`,
    fix: "Treat it as an empty list; the profiles pusher and soketi answer so.",
  }),
  "http-user-id-invalid": defineFailure<{ length: number; limit: number }>({
    ...reading,
    explain: ({ length, limit }) => `The user id has ${length} characters; 1 to ${limit} are allowed.`,
    fix: "Name the user whose connections are to be ended in the path.",
  }),
  "http-rate-exceeded": defineFailure<{ setting: string; limit: number }>({
    ...request,
    spec: "Pusher HTTP API, rate limits",
    retry: "backoff",
    httpStatus: 429,
    explain: ({ setting, limit }) => `The app's limit rates.${setting} of ${limit} in a second is used up.`,
    fix: "Wait as long as Retry-After says, publish in batches, or raise the limit.",
  }),
  "http-not-ready": defineFailure<{ status: string }>({
    ...state,
    severity: "info",
    explain: ({ status }) => `The server is ${status}.`,
    fix: "Send the request again in a moment, or to another node.",
  }),
  "http-backend-away": defineFailure<{ backend: string; seconds: number }>({
    ...state,
    faults: ["network", "operator"],
    severity: "info",
    explain: ({ backend, seconds }) =>
      `This node has been cut off from the other nodes for ${seconds} s: ${backend} is away. It serves the clients that it has.`,
    fix: "Look at the connection to Redis or NATS; with cluster.readyWithoutBackend the node counts as ready all the same.",
  }),
  "http-memory-high": defineFailure<{ percent: number; limit: number }>({
    ...state,
    explain: ({ percent, limit }) =>
      `${percent} % of the memory is in use, above the threshold of ${limit} %.`,
    fix: "Send new clients to another node, or give this one more memory.",
  }),
  "http-app-store-unavailable": defineFailure({
    ...state,
    faults: ["server", "operator"],
    explain: () => "The store that holds the apps cannot be reached.",
    fix: "Look at the server's log for the error of the app store.",
  }),
  "http-internal-error": defineFailure<{ id: string }>({
    ...state,
    faults: ["server"],
    certainty: "likely",
    severity: "fatal",
    httpStatus: 500,
    explain: ({ id }) => `Something went wrong inside the server; its log has the error under the id ${id}.`,
    fix: "Report a bug with what the server's log says about this id.",
  }),
};

export const httpFailures = defineFailures(definitions);

export type HttpFailureName = keyof typeof definitions;
