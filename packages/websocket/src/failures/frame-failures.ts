/** Failures of frames and messages (RFC 6455 §5), as either side sees them in the bytes it receives. */
import { defineFailure } from "./failure.ts";

const opcodeNames: Readonly<Record<number, string>> = {
  0: "continuation",
  1: "text",
  2: "binary",
  8: "close",
  9: "ping",
  10: "pong",
};

function nameOpcode(opcode: number): string {
  return opcodeNames[opcode] ?? `opcode ${opcode}`;
}

function formatByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** Another likely cause, where the bytes before or the bytes themselves suggest one. */
type FrameHint = "frame-payload-longer-than-length" | "frame-length-byte-order";

function explainHint(hint: FrameHint | undefined): string {
  if (hint === undefined) return "";
  return hint === "frame-length-byte-order"
    ? " With its bytes reversed the length makes sense: it was probably written low byte first."
    : " It stands right behind a payload, whose length was probably declared too short.";
}

const sentByEither = {
  phase: "frame",
  faults: ["client", "server"],
  certainty: "proved",
  severity: "fatal",
  closeCode: 1002,
  retry: "after-change",
} as const;

const tooMuch = { ...sentByEither, closeCode: 1009 } as const;

export const frameFailures = {
  "stream-not-websocket": defineFailure<{ protocol: string }>({
    phase: "frame",
    faults: ["client", "server"],
    certainty: "proved",
    severity: "fatal",
    spec: "RFC 6455 §5.2",
    retry: "after-change",
    explain: ({ protocol }) => `Where the first frame was expected the peer sent ${protocol}.`,
    fix: "Find out what else writes to this connection; only WebSocket frames may follow the handshake.",
  }),
  "http-response-after-101": defineFailure({
    ...sentByEither,
    faults: ["server"],
    spec: "RFC 6455 §5.2",
    explain: () => "The server wrote an HTTP response onto a connection that was already upgraded.",
    fix: "Keep HTTP and WebSocket routes apart on the server; only one handler may answer an upgrade.",
  }),
  "frame-unmasked-from-client": defineFailure<{ opcode: number }>({
    ...sentByEither,
    faults: ["client"],
    spec: "RFC 6455 §5.1",
    explain: ({ opcode }) => `The client sent a ${nameOpcode(opcode)} frame without a mask.`,
    fix: "Build client frames with the masked variant (createMaskedTextFrame); masking is required even inside TLS and private networks.",
  }),
  "frame-masked-from-server": defineFailure<{ opcode: number }>({
    ...sentByEither,
    faults: ["server"],
    spec: "RFC 6455 §5.1",
    explain: ({ opcode }) => `The server sent a masked ${nameOpcode(opcode)} frame.`,
    fix: "Servers must not mask: use the server-side frame helper, for pongs too.",
  }),
  "frame-mask-key-predictable": defineFailure<{ frames: number }>({
    ...sentByEither,
    faults: ["client"],
    severity: "warning",
    spec: "RFC 6455 §5.3",
    explain: ({ frames }) => `The client used the same masking key for ${frames} frames in a row.`,
    fix: "Draw a new random key from the system's secure generator for each frame.",
  }),
  "frame-rsv1-without-deflate": defineFailure<{ firstByte: number; hint: FrameHint | undefined }>({
    ...sentByEither,
    spec: "RFC 6455 §5.2, RFC 7692 §6",
    explain: ({ firstByte, hint }) =>
      `A frame starts with ${formatByte(firstByte)}: it is marked as compressed, but compression was not negotiated.${explainHint(hint)}`,
    fix: "Negotiate permessage-deflate first or send uncompressed frames; if the bytes look random, the frame before declared too short a length.",
  }),
  "frame-rsv2-rsv3-set": defineFailure<{ firstByte: number; hint: FrameHint | undefined }>({
    ...sentByEither,
    spec: "RFC 6455 §5.2",
    explain: ({ firstByte, hint }) =>
      `A frame starts with ${formatByte(firstByte)}: reserved bits are set.${explainHint(hint)}`,
    fix: "Clear the reserved bits; if the bytes look random, the stream lost its frame boundary.",
  }),
  "frame-rsv1-on-continuation": defineFailure({
    ...sentByEither,
    spec: "RFC 7692 §6",
    explain: () => "A continuation frame is marked as compressed.",
    fix: "Set RSV1 only on the first frame of a compressed message.",
  }),
  "frame-rsv1-on-control": defineFailure<{ opcode: number }>({
    ...sentByEither,
    spec: "RFC 7692 §6",
    explain: ({ opcode }) => `A ${nameOpcode(opcode)} frame is marked as compressed.`,
    fix: "Never compress ping, pong or close.",
  }),
  "frame-opcode-reserved": defineFailure<{ opcode: number; hint: FrameHint | undefined }>({
    ...sentByEither,
    spec: "RFC 6455 §5.2",
    explain: ({ opcode, hint }) =>
      `A frame has opcode ${opcode}, which no standard defines.${explainHint(hint)}`,
    fix: "Use opcode 1, 2, 8, 9 or 10; odd values usually mean that the stream lost its frame boundary.",
  }),
  "frame-length-not-minimal": defineFailure<{ lengthBytes: number }>({
    ...sentByEither,
    spec: "RFC 6455 §5.2",
    explain: ({ lengthBytes }) =>
      `A payload of ${lengthBytes} bytes was announced with a longer form than needed.`,
    fix: "Encode lengths up to 125 in 7 bits and up to 65,535 in 16 bits.",
  }),
  "frame-length-msb-set": defineFailure<{ firstLengthByte: number }>({
    ...sentByEither,
    spec: "RFC 6455 §5.2",
    explain: ({ firstLengthByte }) =>
      `A 64-bit length starts with ${formatByte(firstLengthByte)}; its top bit must be zero.`,
    fix: "Write the 64-bit length unsigned, big-endian, with the top bit zero.",
  }),
  "frame-length-unsupported": defineFailure<{ hint: FrameHint | undefined }>({
    ...tooMuch,
    spec: "RFC 6455 §5.2, §10.4",
    explain: ({ hint }) => `A frame announces 2^53 bytes or more.${explainHint(hint)}`,
    fix: "Send smaller frames; such a length is normally garbage or the wrong byte order.",
  }),
  "frame-control-too-long": defineFailure<{ opcode: number }>({
    ...sentByEither,
    spec: "RFC 6455 §5.5",
    explain: ({ opcode }) => `A ${nameOpcode(opcode)} frame announces more than 125 bytes.`,
    fix: "Keep the payload of ping, pong and close at 125 bytes or less.",
  }),
  "frame-control-fragmented": defineFailure<{ opcode: number }>({
    ...sentByEither,
    spec: "RFC 6455 §5.5",
    explain: ({ opcode }) => `A ${nameOpcode(opcode)} frame has FIN=0.`,
    fix: "Send control frames whole, with FIN=1.",
  }),
  "frame-continuation-unexpected": defineFailure({
    ...sentByEither,
    spec: "RFC 6455 §5.4",
    explain: () => "A continuation frame came, but no message was begun.",
    fix: "Start a message with opcode 1 or 2; opcode 0 only continues one.",
  }),
  "frame-continuation-expected": defineFailure<{ opcode: number }>({
    ...sentByEither,
    spec: "RFC 6455 §5.4",
    explain: ({ opcode }) => `A new ${nameOpcode(opcode)} message came before the one before was finished.`,
    fix: "Finish the first message with FIN=1; look at the previous frame, which was sent with FIN=0, often by flags 0 in a pack call.",
  }),
  "frame-too-large": defineFailure<{ frameBytes: number; limitBytes: number; hint: FrameHint | undefined }>({
    ...tooMuch,
    spec: "RFC 6455 §10.4",
    explain: ({ frameBytes, limitBytes, hint }) =>
      `A frame announces ${frameBytes} bytes; the limit is ${limitBytes}.${explainHint(hint)}`,
    fix: "Split the data into smaller frames, or raise maxFrameBytes on the receiver.",
  }),
  "message-too-large": defineFailure<{
    messageBytes: number;
    limitBytes: number;
    hint: FrameHint | undefined;
  }>({
    ...tooMuch,
    spec: "RFC 6455 §7.4.1, §10.4",
    explain: ({ messageBytes, limitBytes, hint }) =>
      `A message has at least ${messageBytes} bytes; the limit is ${limitBytes}.${explainHint(hint)}`,
    fix: "Send less per message, or raise maxMessageBytes on the receiver.",
  }),
  "message-too-many-fragments": defineFailure<{ limit: number }>({
    ...tooMuch,
    spec: "RFC 6455 §10.4",
    explain: ({ limit }) => `A message has more than ${limit} frames.`,
    fix: "Send bigger fragments, or raise maxFragments on the receiver.",
  }),
  "message-empty-fragment-flood": defineFailure<{ limit: number }>({
    ...sentByEither,
    closeCode: 1008,
    spec: "RFC 6455 §10.4",
    explain: ({ limit }) => `More than ${limit} empty fragments came in a row.`,
    fix: "Stop sending empty fragments.",
  }),
  "message-invalid-utf8": defineFailure<{ offset: number; byte: number | undefined }>({
    ...sentByEither,
    closeCode: 1007,
    spec: "RFC 6455 §8.1",
    explain: ({ offset, byte }) =>
      byte === undefined
        ? `A text message ends inside a character, after ${offset} bytes.`
        : `A text message is not UTF-8: byte ${formatByte(byte)} at offset ${offset}.`,
    fix: "Send binary data with opcode 2, or encode text as UTF-8.",
  }),
  "message-type-not-accepted": defineFailure<{ type: string }>({
    ...sentByEither,
    closeCode: 1003,
    spec: "RFC 6455 §7.4.1",
    explain: ({ type }) => `A ${type} message came to an endpoint that does not take them.`,
    fix: "Send the type of message that the endpoint expects.",
  }),
  "stream-truncated-frame": defineFailure({
    ...sentByEither,
    faults: ["network", "client", "server"],
    retry: "backoff",
    spec: "RFC 6455 §7.1.5",
    explain: () => "The TCP connection ended in the middle of a frame.",
    fix: "Find out why the peer's process or link died while sending; then reconnect.",
  }),
} as const;
