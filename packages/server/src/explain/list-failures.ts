/** The names of the catalogues by phase, as `explain --list` and the reference show them. */
import { allFailures } from "../failures/all-failures.ts";
import { describeDefinition, type FailureText } from "./failure-text.ts";

/** The phases in the order of a connection's life, in words. */
export const phaseTitles: Readonly<Record<string, string>> = {
  transport: "Before HTTP: DNS, TCP, TLS",
  proxy: "Proxies and middle boxes",
  request: "The handshake as the server sees it",
  response: "The handshake as the client sees it",
  http2: "HTTP/2 and HTTP/3",
  frame: "Frames and messages",
  deflate: "Compression",
  liveness: "Signs of life",
  flow: "Flow control",
  client: "The client's own code",
  close: "The end of a connection",
  admission: "Pusher: admission",
  session: "Pusher: the session",
  message: "Pusher: messages",
  subscribe: "Pusher: subscribing",
  signin: "Pusher: signing in",
  "client-event": "Pusher: client events",
  pusher: "Pusher: what the doctor finds",
  "api-signature": "HTTP API: signatures",
  http: "HTTP API: requests",
  webhook: "Webhooks",
  cluster: "Several nodes and workers",
  config: "Configuration",
  listen: "Listening",
  metrics: "Metrics",
  tool: "Diagnosis tools",
};

/** All entries by phase. */
export function groupByPhase(): ReadonlyMap<string, readonly FailureText[]> {
  const groups = new Map<string, FailureText[]>(Object.keys(phaseTitles).map((phase) => [phase, []]));
  for (const [name, definition] of allFailures) {
    const group = groups.get(definition.phase) ?? [];
    groups.set(definition.phase, group);
    group.push(describeDefinition(name, definition));
  }
  return new Map([...groups].filter(([, failures]) => failures.length > 0));
}

/** Text with a newline at the end: the names of one phase with their sentences, or of all. */
export function renderPhases(groups: ReadonlyMap<string, readonly FailureText[]>): string {
  const lines = [...groups].flatMap(([phase, failures]) => {
    const width = Math.max(...failures.map(({ name }) => name.length));
    return [phase, ...failures.map(({ name, message }) => `  ${name.padEnd(width)}  ${message}`), ""];
  });
  return lines.join("\n");
}
