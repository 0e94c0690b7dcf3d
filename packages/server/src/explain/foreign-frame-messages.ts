/**
 * What other tools print when frames are wrong, and what it means. Chromium's texts are checked against the browser itself by
 * a test, those of ws and undici stand in their source as installed here; the others were read in source and documentation.
 */
import type { ForeignMessage } from "./foreign-message.ts";

const chromium = "Chromium";
const faye = "websocket-driver";

export const foreignFrameMessages: readonly ForeignMessage[] = [
  {
    fragments: ["Invalid frame header"],
    tools: chromium,
    names: [
      "http-response-after-101",
      "upgrade-handled-twice",
      "stream-not-websocket",
      "frame-control-fragmented",
      "frame-control-too-long",
      "frame-length-not-minimal",
      "frame-length-msb-set",
      "deflate-data-corrupt",
    ],
  },
  {
    fragments: [
      "A server must not mask any frames",
      "MASK must be clear",
      "WS_ERR_UNEXPECTED_MASK",
      "Frame cannot be masked",
    ],
    tools: `${chromium}, ws, undici`,
    names: ["frame-masked-from-server"],
  },
  {
    fragments: [
      "MASK must be set",
      "WS_ERR_EXPECTED_MASK",
      "frame not masked so close",
      "incorrect frame mask",
      "Received unmasked frame but masking is required",
    ],
    tools: `ws, Workerman, Ratchet, ${faye}`,
    names: ["frame-unmasked-from-client"],
  },
  {
    fragments: ["incorrect masking"],
    tools: "Python websockets",
    names: ["frame-unmasked-from-client", "frame-masked-from-server"],
  },
  {
    fragments: ["One or more reserved bits are on: reserved1 = 1, reserved2 = 0, reserved3 = 0"],
    tools: `${chromium}, ${faye}`,
    names: ["frame-rsv1-without-deflate", "frame-rsv1-on-control", "frame-payload-longer-than-length"],
  },
  {
    fragments: ["RSV1 must be clear", "WS_ERR_UNEXPECTED_RSV_1", "Expected RSV1 to be clear"],
    tools: "ws, undici",
    names: [
      "http-response-after-101",
      "frame-rsv1-without-deflate",
      "upgrade-handled-twice",
      "frame-payload-longer-than-length",
    ],
  },
  {
    fragments: ["One or more reserved bits are on", "invalid reserve code", "reserved bits must be 0"],
    tools: `${chromium}, ${faye}, Ratchet, Python websockets`,
    names: [
      "frame-payload-longer-than-length",
      "frame-rsv2-rsv3-set",
      "frame-rsv1-without-deflate",
      "tls-sent-to-plain-port",
    ],
  },
  {
    fragments: [
      "RSV2 and RSV3 must be clear",
      "WS_ERR_UNEXPECTED_RSV_2_3",
      "RSV1, RSV2, RSV3 must be clear",
      "unexpected reserved bits",
    ],
    tools: "ws, undici, gorilla",
    names: [
      "stream-not-websocket",
      "tls-sent-to-plain-port",
      "frame-payload-longer-than-length",
      "frame-rsv2-rsv3-set",
    ],
  },
  {
    fragments: [
      "Unrecognized frame opcode",
      "invalid opcode",
      "WS_ERR_INVALID_OPCODE",
      "unknown opcode [",
      "error opcode",
      "invalid OP code",
    ],
    tools: `${chromium}, ws, undici, Python websockets, Swoole, Workerman, Ratchet`,
    names: ["frame-opcode-reserved", "frame-payload-longer-than-length", "stream-not-websocket"],
  },
  {
    fragments: [
      "previous continuous frame is unfinished",
      "previous message is unfinished",
      "expected a continuation frame",
      "Expected continuation frame",
      "when expecting continue frame",
    ],
    tools: `${chromium}, ${faye}, Python websockets, undici, Ratchet`,
    names: ["frame-continuation-expected"],
  },
  {
    fragments: [
      "unexpected continuation frame",
      "invalid opcode 0",
      "first frame of a message was a continue",
      "bad frame[opcode=0]",
    ],
    tools: `${chromium}, Python websockets, undici, ws, Ratchet, Swoole`,
    names: ["frame-continuation-unexpected"],
  },
  {
    fragments: [
      "fragmented control frame",
      "FIN must be set",
      "WS_ERR_EXPECTED_FIN",
      "Invalid frame type was fragmented",
      "mismatch between final bit and indicated payload length",
      "invalid websocket control frame received",
      "Control frame either too large or fragmented",
    ],
    tools: `${chromium}, ws, Python websockets, undici, Ratchet, Swoole`,
    names: ["frame-control-fragmented", "frame-control-too-long"],
  },
  {
    fragments: [
      "control frame having too long payload",
      "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH",
      "invalid payload length",
      "control frame too long",
      "Fragmented frame exceeded 125 bytes",
    ],
    tools: `${chromium}, ws, Python websockets, undici`,
    names: ["frame-control-too-long", "frame-payload-longer-than-length"],
  },
  {
    fragments: [
      "Could not decode a text frame as UTF-8",
      "Invalid UTF-8 sequence",
      "WS_ERR_INVALID_UTF8",
      "invalid UTF-8 in text frame",
      "received invalid UTF-8",
      "detected an invalid UTF-8 payload",
    ],
    tools: `${chromium}, ws, undici, uWebSockets, Ratchet`,
    names: ["message-invalid-utf8", "close-reason-invalid-utf8"],
  },
  {
    fragments: ["broken close frame containing invalid UTF-8"],
    tools: chromium,
    names: ["close-reason-invalid-utf8"],
  },
  {
    fragments: [
      "Invalid status code",
      "WS_ERR_INVALID_CLOSE_CODE",
      "reserved status code",
      "invalid close code",
    ],
    tools: `ws, ${chromium}, Python websockets, undici, Ratchet`,
    names: [
      "close-code-reserved-on-wire",
      "close-code-out-of-range",
      "close-code-byte-order",
      "close-code-as-text",
    ],
  },
  {
    fragments: [
      "broken close frame with an invalid size of 1 byte",
      "close frame with a 1-byte body",
      "close frame too short",
    ],
    tools: `${chromium}, undici, Python websockets`,
    names: ["close-payload-one-byte"],
  },
  {
    fragments: ["Data frame received after close"],
    tools: chromium,
    names: ["data-after-close"],
  },
  {
    fragments: [
      "Max payload size exceeded",
      "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH",
      "Maximum message size exceeded",
      "Received too big message",
      "error package. package_length",
      "websocket frame is too big",
      "frame exceeds limit of",
    ],
    tools: "ws, Ratchet, uWebSockets, Workerman, Swoole, Python websockets",
    names: ["message-too-large", "frame-too-large", "deflate-bomb"],
  },
  {
    fragments: ["WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH", "payload length > 2^53", "payload length > 2^31"],
    tools: "ws, undici",
    names: ["frame-length-unsupported", "frame-length-byte-order"],
  },
  {
    fragments: ["Too many message fragments", "Too many buffered chunks", "WS_ERR_TOO_MANY_BUFFERED_PARTS"],
    tools: "ws",
    names: ["message-too-many-fragments"],
  },
  {
    fragments: ["invalid distance too far back", "invalid stored block lengths", "invalid block type"],
    tools: "zlib, in ws and many others",
    names: [
      "deflate-data-corrupt",
      "deflate-context-mismatch",
      "deflate-window-exceeded",
      "deflate-gzip-or-zlib-header",
    ],
  },
];
