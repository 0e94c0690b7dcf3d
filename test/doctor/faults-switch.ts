/** A 101 that breaks a rule of RFC 6455 §4.1 or RFC 7692. */
import { createHash } from "node:crypto";
import { acceptFor, readHeader } from "../support/raw-server.ts";
import type { ExamineOptions } from "../../packages/server/src/doctor/examination.ts";
import type { Fault, FaultGroup } from "./fault.ts";

const server = "the fault of the server (proved)";
const serverOrProxy = "the fault of the server or a proxy (proved)";

type Row = readonly [
  title: string,
  failure: string,
  fault: string,
  fix: string,
  change: (head: string, request: string) => string,
  options?: Partial<ExamineOptions>,
];

/** One more line before the empty one. */
const withLine = (line: string) => (head: string) => head.replace(/\r\n\r\n$/, `\r\n${line}\r\n\r\n`);
const withoutLine = (name: string) => (head: string) => head.replace(new RegExp(`${name}: .*\r\n`), "");
const withAccept = (make: (request: string) => string) => (head: string, request: string) =>
  head.replace(acceptFor(request), make(request));
const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex");
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const chat: Partial<ExamineOptions> = { subprotocols: ["chat", "superchat"] };

const rows: readonly Row[] = [
  [
    "HTTP/1.0",
    "response-malformed-http",
    server,
    "check host and port",
    (head) => head.replace("HTTP/1.1", "HTTP/1.0"),
  ],
  [
    "no Upgrade header",
    "response-upgrade-header-invalid",
    serverOrProxy,
    "must answer Upgrade: websocket",
    withoutLine("Upgrade"),
  ],
  [
    "Upgrade: h2c",
    "response-upgrade-header-invalid",
    serverOrProxy,
    "must answer Upgrade: websocket",
    (head) => head.replace("websocket", "h2c"),
  ],
  [
    "no Connection header",
    "response-connection-header-invalid",
    serverOrProxy,
    "a proxy removed it",
    withoutLine("Connection"),
  ],
  [
    "Connection: keep-alive",
    "response-connection-header-invalid",
    serverOrProxy,
    "a proxy removed it",
    (head) => head.replace("Connection: Upgrade", "Connection: keep-alive"),
  ],
  [
    "no Sec-WebSocket-Accept",
    "response-accept-missing",
    server,
    "must compute and send the accept value",
    withoutLine("Sec-WebSocket-Accept"),
  ],
  [
    "an accept value of another key",
    "response-accept-mismatch",
    serverOrProxy,
    "never cache it",
    withAccept(() => "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
  ],
  [
    "an accept value in hex",
    "response-accept-mismatch",
    serverOrProxy,
    "never cache it or hash hex text",
    withAccept((request) => sha1(`${readHeader(request, "sec-websocket-key")}${guid}`)),
  ],
  [
    "an accept value of no key at all",
    "response-accept-mismatch",
    serverOrProxy,
    "from the key of this very request",
    withAccept(() => Buffer.from(sha1(guid), "hex").toString("base64")),
  ],
  [
    "two accept values",
    "response-accept-duplicated",
    server,
    "either the framework or your code",
    (head, request) => withLine(`Sec-WebSocket-Accept: ${acceptFor(request)}`)(head),
  ],
  [
    "Content-Length",
    "response-has-body-headers",
    server,
    "remove body headers",
    withLine("Content-Length: 5"),
  ],
  [
    "Transfer-Encoding",
    "response-has-body-headers",
    server,
    "remove body headers",
    withLine("Transfer-Encoding: chunked"),
  ],
  [
    "an extension that nobody offered",
    "response-extension-unrequested",
    server,
    "only with extensions the client listed",
    withLine("Sec-WebSocket-Extensions: x-webkit-deflate-frame"),
  ],
  [
    "an extension header without sense",
    "response-extension-syntax",
    server,
    "correct the extension header",
    withLine("Sec-WebSocket-Extensions: ;=,"),
  ],
  [
    "a parameter of deflate that does not exist",
    "response-deflate-parameter-invalid",
    server,
    "permessage-deflate",
    withLine("Sec-WebSocket-Extensions: permessage-deflate; level=9"),
  ],
  [
    "a subprotocol that nobody offered",
    "response-subprotocol-unrequested",
    server,
    "one of the offered names, or without the header",
    withLine("Sec-WebSocket-Protocol: chat"),
  ],
  [
    "another subprotocol than those offered",
    "response-subprotocol-unrequested",
    server,
    "one of the offered names",
    withLine("Sec-WebSocket-Protocol: mqtt"),
    chat,
  ],
  [
    "the whole list of subprotocols",
    "response-subprotocol-list-echoed",
    server,
    "pick one name",
    withLine("Sec-WebSocket-Protocol: chat, superchat"),
    chat,
  ],
];

const switching: readonly Fault[] = rows.map(([title, failure, fault, fix, change, options]) => ({
  seenBy: "doctor",
  title: `the 101 has ${title}`,
  expected: { failure, fault, fix },
  arrange: async (lab) => ({ ...(await lab.switching(change)), ...(options && { options }) }),
}));

const missing: Fault = {
  seenBy: "doctor",
  title: "the 101 chooses none of the subprotocols, which browsers do not accept",
  expected: { failure: "response-subprotocol-missing", fault: server, fix: "browsers insist on it" },
  arrange: async (lab) => ({ ...(await lab.behaving({})), options: chat }),
};

export const switchFaults: readonly FaultGroup[] = [
  { title: "A 101 that is wrong", faults: [...switching, missing] },
];
