/** Clients and backends that are wrong, as the log of the server names them. */
import type { ClientLab } from "./client-lab.ts";
import type { Fault, FaultGroup } from "./fault.ts";
import { buildPeerFrame } from "../support/peer-frames.ts";

const client = "the fault of the client (proved)";
const either = "the fault of the client or the server (proved)";

type Lines = readonly string[];
type HandshakeRow = readonly [
  title: string,
  failure: string,
  fault: string,
  fix: string,
  change: (lines: Lines) => Lines,
  rest?: string,
];

const replace = (start: string, line: string) => (lines: Lines) =>
  lines.map((each) => (each.startsWith(start) ? line : each));
const without = (start: string) => (lines: Lines) => lines.filter((each) => !each.startsWith(start));
const adding = (line: string) => (lines: Lines) => [...lines, line];

const handshakeRows: readonly HandshakeRow[] = [
  [
    "sends a key that is no base64 of 16 bytes",
    "handshake-key-invalid",
    client,
    "16 random bytes in base64",
    replace("Sec-WebSocket-Key", "Sec-WebSocket-Key: secret"),
  ],
  [
    "sends no key",
    "handshake-key-missing",
    client,
    "real WebSocket client library",
    without("Sec-WebSocket-Key"),
  ],
  [
    "sends two keys",
    "handshake-key-duplicated",
    "the fault of the client or a proxy (proved)",
    "exactly one",
    adding("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
  ],
  [
    "asks for version 8",
    "handshake-version-unsupported",
    client,
    "update the client library",
    replace("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"),
  ],
  [
    "names no version",
    "handshake-version-missing",
    client,
    "Sec-WebSocket-Version: 13",
    without("Sec-WebSocket-Version"),
  ],
  [
    "speaks HTTP/1.0",
    "handshake-http-version-too-low",
    "the fault of a proxy or the client (proved)",
    "HTTP/1.1",
    replace("GET", "GET /app/lab-key HTTP/1.0"),
  ],
  [
    "asks to upgrade to h2c",
    "handshake-upgrade-not-websocket",
    client,
    "Upgrade: websocket",
    replace("Upgrade", "Upgrade: h2c"),
  ],
  [
    "sends Connection: keep-alive",
    "handshake-connection-token-missing",
    "the fault of a proxy or the client (proved)",
    "Connection: Upgrade",
    replace("Connection", "Connection: keep-alive"),
  ],
  [
    "forgets Upgrade",
    "proxy-stripped-upgrade",
    "the fault of a proxy (likely)",
    "Upgrade and Connection",
    without("Upgrade"),
  ],
  [
    "sends its handshake with a body",
    "handshake-request-has-body",
    client,
    "data belongs in frames",
    adding("Content-Length: 5"),
    "hello",
  ],
  [
    "sends a broken list of subprotocols",
    "handshake-subprotocol-syntax",
    client,
    "plain tokens",
    adding("Sec-WebSocket-Protocol: a,,b"),
  ],
  [
    "sends a broken list of extensions",
    "handshake-extension-syntax",
    client,
    "extension header",
    adding("Sec-WebSocket-Extensions: ;"),
  ],
  [
    "sends an Origin that is none",
    "handshake-origin-malformed",
    client,
    "Origin",
    adding("Origin: nonsense"),
  ],
  ["uses POST", "handshake-method-not-get", client, "GET", replace("GET", "POST /app/lab-key HTTP/1.1")],
  [
    "sends frames before the 101",
    "handshake-early-data",
    client,
    "wait for the 101",
    (lines) => lines,
    "\x81\x80\x00\x00\x00\x00",
  ],
];

const handshakes: readonly Fault[] = handshakeRows.map(([title, failure, fault, fix, change, rest]) => ({
  seenBy: "server log",
  title: `the client ${title}`,
  expected: { failure, fault, fix },
  act: async (lab) => void (await lab.handshake(change, rest)),
}));

type FrameRow = readonly [
  title: string,
  failure: string,
  fault: string,
  fix: string,
  act: (lab: ClientLab) => Promise<void>,
];

/** Opens, and writes these bytes. */
const writing =
  (bytes: (lab: ClientLab) => Buffer) =>
  async (lab: ClientLab): Promise<void> => {
    const socket = await lab.open();
    socket.write(bytes(lab));
  };

const frameRows: readonly FrameRow[] = [
  [
    "does not mask (a frame packed by hand, as Swow and Hyperf code does)",
    "frame-unmasked-from-client",
    client,
    "masked",
    writing(() => buildPeerFrame("client", { fin: true, opcode: 1, payload: Buffer.from("Hello") })),
  ],
  [
    "masks every frame with the same key",
    "frame-mask-key-predictable",
    client,
    "new random key",
    writing((lab) => Buffer.concat([lab.ping(1), lab.ping(1), lab.ping(1), lab.ping(1)])),
  ],
  [
    "packs with flags 0, so that no message ever ends",
    "frame-continuation-expected",
    either,
    "finish the first message",
    writing((lab) => Buffer.concat([lab.frame(1, "{}", { fin: false }), lab.frame(1, "{}", { fin: false })])),
  ],
  [
    "takes the end of its own wait for a loss, and hangs up",
    "close-without-frame",
    "the fault of the client, the server or a proxy (proved)",
    "a terminate() call",
    async (lab) => void (await lab.open()).end(),
  ],
  [
    "is killed",
    "tcp-reset",
    "the fault of the client, the server, a proxy or the network (proved)",
    "crash",
    async (lab) => void (await lab.open()).resetAndDestroy(),
  ],
  [
    "dies in the middle of a frame",
    "stream-truncated-frame",
    "the fault of the network, the client or the server (proved)",
    "link died",
    async (lab) => void (await lab.open()).end(Buffer.from("8185", "hex")),
  ],
  [
    "compresses although nothing was agreed",
    "frame-rsv1-without-deflate",
    either,
    "negotiate permessage-deflate first",
    writing((lab) => lab.frame(1, "{}", { rsv: 4 })),
  ],
  [
    "sends gzip instead of raw DEFLATE",
    "deflate-gzip-or-zlib-header",
    either,
    "raw",
    async (lab) => {
      const socket = await lab.open("permessage-deflate");
      socket.write(lab.frame(1, Buffer.from("1f8b0800000000000003", "hex"), { rsv: 4 }));
    },
  ],
  [
    "uses a reserved opcode",
    "frame-opcode-reserved",
    either,
    "use opcode 1, 2, 8, 9 or 10",
    writing((lab) => lab.frame(3, "")),
  ],
  [
    "sends text in Latin-1",
    "message-invalid-utf8",
    either,
    "UTF-8",
    writing((lab) => lab.frame(1, Buffer.from([0xe9, 0x21]))),
  ],
  [
    "sends binary data to a server of text",
    "message-type-not-accepted",
    either,
    "type",
    writing((lab) => lab.frame(2, "Hello")),
  ],
  [
    "closes with a code that is only for logs",
    "close-code-reserved-on-wire",
    either,
    "send 1000 or an empty Close frame",
    writing((lab) => lab.frame(8, Buffer.from("03ee", "hex"))),
  ],
  [
    "writes JSON without a frame around it",
    "stream-not-websocket",
    either,
    "what else writes to this connection",
    writing(() => Buffer.from('{"event":"pusher:ping"}')),
  ],
  [
    "writes a second HTTP request",
    "stream-not-websocket",
    either,
    "what else writes to this connection",
    writing(() => Buffer.from("GET / HTTP/1.1\r\n\r\n")),
  ],
  [
    "speaks TLS to a plain port",
    "tls-sent-to-plain-port",
    client,
    "wss://",
    async (lab) => void (await lab.send(Buffer.from("160301020001000001", "hex"))),
  ],
  [
    "is a load balancer that sends the PROXY protocol",
    "proxy-protocol-preamble",
    "the fault of a proxy (proved)",
    "PROXY protocol",
    async (lab) => void (await lab.send("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n")),
  ],
];

const frames: readonly Fault[] = frameRows.map(([title, failure, fault, fix, act]) => ({
  seenBy: "server log",
  title: `the client ${title}`,
  expected: { failure, fault, fix },
  act,
}));

export const clientFaults: readonly FaultGroup[] = [
  { title: "Handshakes of clients", faults: handshakes },
  { title: "Frames and ends of clients", faults: frames },
];
