/** Servers of the Pusher protocol that greet, answer or sign wrong, and credentials that are wrong. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { Fault, FaultGroup } from "./fault.ts";
import { labApp } from "./server-lab.ts";
import { behave, type Manners, serverFrame } from "../support/hand-made-peer.ts";

const doctor = { seenBy: "doctor" } as const;
const server = "the fault of the server (proved)";
const credentials = { appId: labApp.id, secret: labApp.secret };
const path = `/app/${labApp.key}?protocol=7`;
const rightGreeting =
  '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"1.2\\",\\"activity_timeout\\":120}"}';

type GreetingRow = readonly [title: string, greeting: string, failure: string, fault: string, fix: string];

const greetingRows: readonly GreetingRow[] = [
  [
    "greets with an object instead of a string",
    '{"event":"pusher:connection_established","data":{"socket_id":"1.2","activity_timeout":120}}',
    "pusher-greeting-invalid",
    server,
    "greet with data as a JSON string",
  ],
  [
    "gives a socket id that is no pair of numbers",
    '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"abc\\",\\"activity_timeout\\":120}"}',
    "pusher-greeting-invalid",
    server,
    "two numbers joined by a dot",
  ],
  [
    "gives no activity timeout",
    '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"1.2\\"}"}',
    "pusher-greeting-invalid",
    server,
    "whole seconds",
  ],
  [
    "says something else first",
    '{"hello":"world"}',
    "pusher-greeting-missing",
    "the fault of the server or the client (proved)",
    "/app/ and the app's key",
  ],
  [
    "is over capacity",
    '{"event":"pusher:error","data":{"code":4100,"message":"Over capacity."}}',
    "node-overloaded",
    server,
    "add nodes or memory",
  ],
  [
    "wants TLS",
    '{"event":"pusher:error","data":{"code":4000,"message":"TLS only."}}',
    "app-tls-required",
    "the fault of the client or a proxy (proved)",
    "connect with wss://",
  ],
];

const greetings: readonly Fault[] = greetingRows.map(([title, greeting, failure, fault, fix]) => ({
  ...doctor,
  title: `the server ${title}`,
  expected: { failure, fault, fix },
  arrange: (lab) => lab.opened((socket) => greet(socket, greeting), path),
}));

function greet(socket: Parameters<typeof behave>[0], greeting: string, manners: Manners = {}): void {
  socket.write(serverFrame(1, greeting));
  behave(socket, manners);
}

/** Answers pings and subscriptions, as every server does. */
const polite: Manners = {
  onText: (text, send) => {
    const { event, data } = JSON.parse(text) as { event: string; data: { channel?: string } };
    if (event === "pusher:ping") send('{"event":"pusher:pong","data":"{}"}');
    if (event !== "pusher:subscribe") return;
    const { channel } = data;
    send(JSON.stringify({ event: "pusher_internal:subscription_succeeded", channel, data: "{}" }));
  },
};

/** An HTTP API that gives one answer; `date` moves its clock. */
async function startApi(status: number, body: string, date = Date.now()): Promise<string> {
  const api = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { date: new Date(date).toUTCString() }).end(body);
  }).listen(0, "127.0.0.1");
  await once(api, "listening");
  onTestFinished(() => {
    api.closeAllConnections();
    api.close();
  });
  return `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
}

const hourMs = 3_600_000;

const signing: readonly Fault[] = [
  {
    ...doctor,
    title: "no app has the key of the URL",
    expected: {
      failure: "app-key-unknown",
      fault: "the fault of the client or the operator (proved)",
      fix: "it must be the key, not the id or the secret",
    },
    arrange: (lab) => ({ url: lab.appUrl(lab.antiphon).replace(labApp.key, labApp.id) }),
  },
  {
    ...doctor,
    title: "the server does not greet at all",
    expected: {
      failure: "pusher-greeting-missing",
      fault: "the fault of the server or the client (proved)",
      fix: "a server of the Pusher protocol",
    },
    arrange: async (lab) => ({ ...(await lab.behaving({}, path)), options: { timeoutMs: 300 } }),
  },
  {
    ...doctor,
    title: "the server does not answer pusher:ping",
    expected: { failure: "pusher-ping-unanswered", fault: server, fix: "answer every pusher:ping" },
    arrange: async (lab) => {
      const { url } = await lab.opened((socket) => greet(socket, rightGreeting), path);
      return { url, options: { timeoutMs: 300 } };
    },
  },
  {
    ...doctor,
    title: "the backend signs with another secret",
    expected: {
      failure: "subscribe-signature-mismatch",
      fault: "the fault of the application or the operator (proved)",
      fix: "its secret with the app's",
    },
    arrange: (lab) => ({ url: lab.appUrl(lab.antiphon), options: { ...credentials, secret: "another" } }),
  },
  {
    ...doctor,
    title: "the app id is wrong",
    expected: {
      failure: "api-request-refused",
      fault: "the fault of the client or the operator (proved)",
      fix: "compare app id, key and secret",
    },
    arrange: (lab) => ({ url: lab.appUrl(lab.antiphon), options: { ...credentials, appId: "wrong" } }),
  },
  {
    ...doctor,
    title: "the clocks of backend and server are an hour apart",
    expected: {
      failure: "api-signature-timestamp-expired",
      fault: "the fault of the client (proved)",
      fix: "synchronise both clocks",
    },
    arrange: async (lab) => {
      const apiUrl = await startApi(401, '{"error":"Timestamp expired"}', Date.now() - hourMs);
      return { url: lab.appUrl(lab.antiphon), options: { ...credentials, apiUrl } };
    },
  },
  {
    ...doctor,
    title: "the clocks are minutes apart, and the server tolerates it",
    expected: { failure: "api-clock-skew", fault: "the fault of the operator (proved)", fix: "NTP" },
    arrange: async (lab) => {
      const apiUrl = await startApi(200, "{}", Date.now() - hourMs / 12);
      const { url } = await lab.opened((socket) => {
        greet(socket, rightGreeting, {
          onText: (text, send) => {
            polite.onText?.(text, send);
            const { channel } = (JSON.parse(text) as { data: { channel?: string } }).data;
            if (channel) send(JSON.stringify({ event: "antiphon-doctor", channel, data: "{}" }));
          },
        });
      }, path);
      return { url, options: { ...credentials, apiUrl } };
    },
  },
  {
    ...doctor,
    title: "the HTTP API belongs to another server",
    expected: {
      failure: "published-event-not-delivered",
      fault: "the fault of the operator or the server (proved)",
      fix: "lead to the same server",
    },
    arrange: async (lab) => {
      const apiUrl = await startApi(200, "{}");
      const { url } = await lab.opened((socket) => greet(socket, rightGreeting, polite), path);
      return { url, options: { ...credentials, apiUrl, timeoutMs: 500 } };
    },
  },
  {
    ...doctor,
    title: "the HTTP API cannot be reached",
    expected: {
      failure: "api-request-failed",
      fault: "the fault of the operator or the network (proved)",
      fix: "forwards /apps/ too",
    },
    arrange: (lab) => ({
      url: lab.appUrl(lab.antiphon),
      options: { ...credentials, apiUrl: "http://127.0.0.1:1" },
    }),
  },
];

export const pusherFaults: readonly FaultGroup[] = [
  { title: "The greeting of the Pusher protocol", faults: greetings },
  { title: "Keys, signatures and the HTTP API", faults: signing },
];
