/**
 * An echo client for conformance suites: asks a fuzzing server for its cases, sends back whatever each one sends, and has
 * the report written.
 *
 *   node client.mjs ws://HOST:PORT AGENT [--max-message BYTES] [--max-fragments N] [--no-deflate]
 */
import { parseArgs } from "node:util";
import { connect } from "@antiphon/websocket";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "max-message": { type: "string", default: String(64 * 1024 * 1024) },
    "max-fragments": { type: "string", default: "131072" },
    "no-deflate": { type: "boolean", default: false },
  },
});
const [base, agent = "antiphon"] = positionals;
const maxMessageBytes = Number(values["max-message"]);
const maxFragments = Number(values["max-fragments"]);
if (base === undefined || !(maxMessageBytes > 0) || !(maxFragments > 0)) {
  console.error(
    "usage: client.mjs ws://HOST:PORT AGENT [--max-message BYTES] [--max-fragments N] [--no-deflate]",
  );
  process.exit(2);
}

const options = {
  maxMessageBytes,
  maxFragments,
  // Suites are silent on purpose and ping in bursts.
  pingIntervalMs: 0,
  maxPingsPerSecond: 0,
  // What a peer is sent back may take it a while to read.
  maxBufferedBytes: 4 * maxMessageBytes,
  // Everything is offered, so that the suite can ask for it: no context takeover, and windows from 9 to 15 bits.
  deflate: values["no-deflate"]
    ? false
    : {
        serverNoContextTakeover: false,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 15,
        clientMaxWindowBits: 15,
        thresholdBytes: 0,
      },
};

const path = (resource) => new URL(resource, base).href;

/** The one message that the server answers a question with. */
async function ask(resource) {
  const client = await connect(path(resource), options);
  const answer = await client.receive();
  await client.closed;
  if (answer.type !== "message") throw new Error(`${resource} was not answered`);
  return String(answer.data);
}

async function runCase(number) {
  const client = await connect(path(`/runCase?case=${number}&agent=${encodeURIComponent(agent)}`), {
    ...options,
    handlers: { message: (connection, data) => void connection.send(data) },
  });
  return client.closed;
}

/** How a case ended; one that cannot even be opened must not end the run. */
async function describeEnd(running) {
  try {
    const { code, sent, failure } = await running;
    return `${sent?.code ?? code} ${failure?.name ?? ""}`.trim();
  } catch (error) {
    return error.message;
  }
}

const cases = Number(await ask("/getCaseCount"));
for (let number = 1; number <= cases; number += 1) {
  console.log(`case ${number} of ${cases}: ${await describeEnd(runCase(number))}`);
}
const last = await connect(path(`/updateReports?agent=${encodeURIComponent(agent)}`), options);
await last.closed;
console.log(`${cases} cases done, report updated`);
