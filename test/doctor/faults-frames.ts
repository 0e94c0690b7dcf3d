/** An open connection on which the server sends what it must not, or ends it as it must not. */
import { behave, type Manners } from "../support/hand-made-peer.ts";
import type { Fault, FaultGroup } from "./fault.ts";

const doctor = { seenBy: "doctor" } as const;
const server = "the fault of the server (proved)";
const likelyServer = "the fault of the server (likely)";

type FrameRow = readonly [title: string, hex: string, failure: string, fault: string, fix: string];

const frameRows: readonly FrameRow[] = [
  [
    "masks its frames",
    "8185 37fa213d 7f9f4d5158",
    "frame-masked-from-server",
    server,
    "servers must not mask",
  ],
  [
    "compresses although nothing was agreed",
    "c107 f248cdc9c90700",
    "frame-rsv1-without-deflate",
    server,
    "negotiate permessage-deflate first",
  ],
  ["sets RSV2", "a105 48656c6c6f", "frame-rsv2-rsv3-set", server, "clear the reserved bits"],
  ["uses a reserved opcode", "8300", "frame-opcode-reserved", server, "use opcode 1, 2, 8, 9 or 10"],
  ["sends text that is not UTF-8", "8103 ffffff", "message-invalid-utf8", server, "encode text as UTF-8"],
  [
    "writes a length longer than needed",
    "817e0005 48656c6c6f",
    "frame-length-not-minimal",
    server,
    "lengths",
  ],
  [
    "continues a message that never began",
    "8005 48656c6c6f",
    "frame-continuation-unexpected",
    server,
    "start a message with opcode 1 or 2",
  ],
  [
    "begins a second message inside the first",
    "0103 48656c 8102 6c6f",
    "frame-continuation-expected",
    server,
    "finish the first message",
  ],
  ["sends a ping in fragments", "0900", "frame-control-fragmented", server, "FIN"],
  ["sends a ping of 126 bytes", `897e007e${"00".repeat(126)}`, "frame-control-too-long", server, "125 bytes"],
  ["closes with one byte", "880103", "close-payload-one-byte", server, "two bytes"],
  [
    "closes with the code 1005",
    "880203ed",
    "close-code-reserved-on-wire",
    server,
    "send 1000 or an empty Close frame",
  ],
  ["closes with the code as text", "880431303030", "close-code-as-text", likelyServer, "16-bit number"],
  [
    "closes with the code's bytes swapped",
    "8802e803",
    "close-code-byte-order",
    likelyServer,
    "high byte first",
  ],
  [
    "writes HTTP text after its 101",
    Buffer.from("HTTP/1.1 200 OK\r\n\r\n").toString("hex"),
    "http-response-after-101",
    server,
    "keep HTTP and WebSocket routes apart",
  ],
  [
    "writes JSON without a frame around it",
    Buffer.from('{"hello":1}').toString("hex"),
    "stream-not-websocket",
    server,
    "what else writes to this connection",
  ],
  [
    "writes HTML after its 101",
    Buffer.from("<!DOCTYPE html>").toString("hex"),
    "stream-not-websocket",
    server,
    "what else writes to this connection",
  ],
  ["closes because its code failed", "8802 03f3", "close-internal-error", server, "see the peer's log"],
  [
    "closes for a policy",
    "880a 03f0 6e6f20746f6b656e",
    "close-policy-violation",
    "the fault of the application (proved)",
    "read the reason text",
  ],
  [
    "closes because it is overloaded",
    "8802 03f5",
    "close-try-again-later",
    server,
    "back off, then reconnect",
  ],
];

const frames: readonly Fault[] = frameRows.map(([title, hex, failure, fault, fix]) => ({
  ...doctor,
  title: `the server ${title}`,
  expected: { failure, fault, fix },
  arrange: (lab) => lab.sendingFrames(hex),
}));

const ends: readonly Fault[] = [
  {
    ...doctor,
    title: "the server ends TCP right after the 101, without a Close frame",
    expected: {
      failure: "close-without-frame",
      fault: "the fault of the server or a proxy (proved)",
      fix: "a proxy timeout",
    },
    arrange: (lab) => lab.opened((socket) => void socket.end()),
  },
  {
    ...doctor,
    title: "the server resets the connection at the first frame",
    expected: {
      failure: "tcp-reset",
      fault: "the fault of the server, a proxy or the network (proved)",
      fix: "crash",
    },
    arrange: (lab) => lab.opened((socket) => void socket.once("data", () => socket.resetAndDestroy())),
  },
  {
    ...doctor,
    title: "the server dies in the middle of a frame",
    expected: {
      failure: "stream-truncated-frame",
      fault: "the fault of the network or the server (proved)",
      fix: "link died",
    },
    arrange: (lab) => lab.opened((socket) => void socket.end(Buffer.from("81054865", "hex"))),
  },
];

type MannersRow = readonly [title: string, manners: Manners, failure: string, fault: string, fix: string];

const manners: readonly Fault[] = (
  [
    ["never answers a ping", { answerPing: null }, "ping-not-answered", server, "must send the pongs itself"],
    [
      "answers a ping with an empty pong",
      { answerPing: () => Buffer.alloc(0) },
      "pong-payload-mismatch",
      server,
      "copy the payload of the ping",
    ],
    [
      "never answers a Close frame",
      { answersClose: false },
      "close-handshake-timeout",
      "the fault of the server or the network (proved)",
      "event loop",
    ],
  ] satisfies readonly MannersRow[]
).map(([title, wrong, failure, fault, fix]) => ({
  ...doctor,
  title: `the server ${title}`,
  expected: { failure, fault, fix },
  arrange: async (lab) => ({ ...(await lab.behaving(wrong)), options: { timeoutMs: 300 } }),
}));

const silence: readonly Fault[] = [
  {
    ...doctor,
    title: "the server stalls after the 101",
    expected: { failure: "ping-not-answered", fault: server, fix: "must send the pongs itself" },
    arrange: async (lab) => ({ ...(await lab.opened(() => {})), options: { timeoutMs: 300 } }),
  },
  {
    ...doctor,
    title: "something cuts the connection after a second of silence",
    expected: {
      failure: "proxy-idle-timeout",
      fault: "the fault of a proxy (likely)",
      fix: "send pings more often than the proxy's idle limit",
    },
    arrange: async (lab) => {
      const { url } = await lab.opened((socket) => {
        behave(socket, {});
        socket.setTimeout(1000, () => socket.end());
      });
      return { url, options: { idleMs: 2000 } };
    },
  },
  {
    ...doctor,
    title: "the server takes frames without a mask",
    expected: { failure: "server-accepts-unmasked-frames", fault: server, fix: "close with 1002" },
    arrange: async (lab) => ({
      ...(await lab.behaving({})),
      options: { probeStrictness: true, timeoutMs: 300 },
    }),
  },
];

export const frameFaults: readonly FaultGroup[] = [
  { title: "Frames that break the rules", faults: frames },
  { title: "Ends and silence", faults: [...ends, ...manners, ...silence] },
];
