/** The reference page of `antiphon doctor`: text about it, and what it printed in this run, with what changes made constant. */
import { labApp } from "./server-lab.ts";

export interface Transcripts {
  /** Of a proxy that does not pass WebSockets. */
  readonly before: string;
  /** Of the same proxy with the directives that were named. */
  readonly after: string;
}

const page = `# antiphon doctor

\`antiphon doctor URL\` opens a WebSocket step by step and prints what passed and what failed. The last line is one
sentence: that it works, or what is wrong, whose fault that is, and what to do. It works with any WebSocket server; on a
server of the Pusher protocol it also looks at the greeting and, with credentials, at a signed subscription and a
published event.

How to go on from there: [Find out why it does not connect](../how-to/find-out-why-it-does-not-connect.md). What it
recognises: [Faults and their names](faults.md).

## What it looks at

| Step | What is shown |
|---|---|
| \`DNS\` | all addresses of the name |
| \`TCP\` | each address, over IPv4 and IPv6, with its time |
| \`proxy\` | the answer to CONNECT, with \`--proxy\` |
| \`TLS\` | version, cipher, ALPN; the certificate's names, issuers and dates, and whether this machine trusts it |
| \`HTTP\` | status and headers, for a refusal also the start of its body, and which proxies the answer passed through |
| \`101\` | each rule of the opening handshake (RFC 6455 §4.1) on a line of its own |
| \`frames\` | what the server sends first by itself |
| \`Pusher\` | greeting, form of the socket id, \`activity_timeout\`, \`pusher:ping\`; with credentials a private subscription, a signed event, its way back, and the difference of the clocks |
| \`ping\` | the round trip of a ping |
| \`idle\` | with \`--idle\`, after how much silence and by whom the connection is cut |
| \`close\` | how the server answers a Close frame |
| \`masking\` | with \`--probe-strictness\`, what happens to an unmasked frame, over a connection of its own |

\`✓\` passed, \`✗\` failed, \`!\` is a warning, \`·\` is only told. An examination ends at the first step without which there is no next.

## Options

| Option | Meaning |
|---|---|
| \`--json\` | prints the report as JSON: \`url\`, \`checks\`, \`conclusion\` |
| \`-H, --header "Name: value"\` | sends a header; may be repeated |
| \`--origin ORIGIN\` | sends an Origin, as a page would |
| \`--subprotocol NAME\` | offers a subprotocol; may be repeated |
| \`-k, --insecure\` | goes on with a certificate that is not valid |
| \`--ca FILE\` | trusts an authority, in PEM |
| \`--proxy URL\` | goes through an HTTP proxy; \`environment\` takes the one of the environment |
| \`--timeout SECONDS\` | how long each step may take; 10 |
| \`--idle SECONDS\` | keeps silent for so long |
| \`--probe-strictness\` | also sends an unmasked frame |
| \`--pusher\` | expects the Pusher protocol even if the path is not \`/app/KEY\` |
| \`--app-id\`, \`--key\`, \`--secret\` | credentials for a subscription and an event; the key is taken from the URL |
| \`--api URL\` | the HTTP API, if it is not beside the WebSocket |

Secrets are not printed: passwords in URLs, values of parameters and headers such as \`token\` or \`Authorization\`, cookies.

## Exit codes

| Code | Meaning |
|---|---|
| 0 | everything passed |
| 1 | something failed, or there is a warning |
| 2 | wrong usage |
| 3 | the examination could not run |

## An nginx that does not pass WebSockets

\`\`\`console
$ antiphon doctor ws://127.0.0.1:8080/app/${labApp.key} --app-id ${labApp.id} --secret …
%BEFORE%
\`\`\`

With the three directives in its \`location\`, and nginx reloaded:

\`\`\`console
$ antiphon doctor ws://127.0.0.1:8080/app/${labApp.key} --app-id ${labApp.id} --secret …
%AFTER%
\`\`\`
`;

export function renderDoctorPage({ before, after }: Transcripts): string {
  return page.replace("%BEFORE%", () => makeConstant(before)).replace("%AFTER%", () => makeConstant(after));
}

/** Times, ports, versions and random names. */
function makeConstant(transcript: string): string {
  return transcript
    .trimEnd()
    .replaceAll(/ +\d+\.\d ms/g, (time) => "1.2 ms".padStart(time.length))
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:8080")
    .replaceAll(/\b\d{3,10}\.\d{3,10}\b/g, "1234.5678")
    .replaceAll(/antiphon-doctor-[0-9a-f]{12}/g, "antiphon-doctor-0123456789ab")
    .replaceAll(/nginx\/[\d.]+/g, "nginx/1.22.1")
    .replaceAll(/text, \d+ bytes: .*/g, "text, a greeting");
}
