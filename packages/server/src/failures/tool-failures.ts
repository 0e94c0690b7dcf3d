/** What the diagnosis tools cannot work with, and what only a capture of packets shows. Raised by `decode/` and `explain/`. */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const input = {
  phase: "tool",
  faults: ["application"],
  certainty: "proved",
  severity: "fatal",
  retry: "after-change",
} as const;
const capture = { ...input, severity: "info", spec: "antiphon decode", retry: "not-applicable" } as const;

const definitions = {
  "input-unreadable": defineFailure<{ source: string; code: string }>({
    ...input,
    spec: "antiphon decode, antiphon explain",
    explain: ({ source, code }) => `${source} could not be read (${code}).`,
    fix: "Check the path and its permissions.",
  }),
  "input-too-large": defineFailure<{ source: string; limitBytes: number }>({
    ...input,
    spec: "antiphon decode, antiphon explain",
    explain: ({ source, limitBytes }) => `${source} has more than ${limitBytes} bytes.`,
    fix: "Cut it down first, for example a capture with a filter: tcpdump -r big.pcap -w small.pcap 'tcp port 443'.",
  }),
  "explain-text-unknown": defineFailure<{ nearest: string }>({
    ...input,
    spec: "antiphon explain",
    explain: ({ nearest }) =>
      nearest === ""
        ? "This is no failure name, close code or status, and no error text that is known."
        : `This is no name that is known; the nearest is ${nearest}.`,
    fix: "Look through antiphon explain --list, or paste the error text whole.",
  }),
  "deflate-parameters-invalid": defineFailure<{ problem: string }>({
    ...input,
    spec: "RFC 7692 §7.1",
    explain: ({ problem }) => `These are not the parameters of a permessage-deflate answer: ${problem}`,
    fix: "Give what the 101 says in Sec-WebSocket-Extensions, or --deflate any for whatever a compressor sends.",
  }),
  "capture-invalid": defineFailure<{ format: string; problem: string }>({
    ...input,
    spec: "antiphon decode",
    explain: ({ format, problem }) => `The ${format} capture cannot be read: ${problem}.`,
    fix: "Save the capture again, whole, as pcap or pcapng.",
  }),
  "capture-connection-unknown": defineFailure<{ connection: number; connections: number }>({
    ...input,
    spec: "antiphon decode",
    explain: ({ connection, connections }) =>
      `The capture has no TCP connection ${connection}; it has ${connections} with data.`,
    fix: "Run decode without --connection to see their numbers.",
  }),
  "capture-bytes-missing": defineFailure<{ bytes: number; position: number }>({
    ...capture,
    severity: "warning",
    explain: ({ bytes, position }) =>
      `The capture misses ${bytes} bytes of this direction at byte ${position}; what follows cannot be decoded.`,
    fix: "Capture again on the machine itself, with whole packets (tcpdump -s 0) and a larger buffer (-B 16384).",
  }),
  "capture-encrypted": defineFailure({
    ...capture,
    explain: () => "The connection is encrypted with TLS, so its frames cannot be seen.",
    fix: "Capture behind whatever ends TLS, or put antiphon tap between client and server.",
  }),
};

export const toolFailures = defineFailures(definitions);

export type ToolFailureName = keyof typeof definitions;
