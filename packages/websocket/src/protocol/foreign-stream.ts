/**
 * Other protocols on a WebSocket connection, told from the first two bytes where the first frame is expected. All of
 * these bytes would break the frame rules anyway; the name of the other protocol explains more.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import type { Role } from "./opcodes.ts";

interface Signature {
  readonly first: number;
  /** `undefined` matches any second byte. */
  readonly second: number | undefined;
  /** What speaks like this. */
  readonly protocol: string;
}

const signatures: readonly Signature[] = [
  { first: 0x48, second: 0x54, protocol: "an HTTP response" },
  { first: 0x47, second: 0x45, protocol: "another HTTP GET request" },
  { first: 0x50, second: 0x4f, protocol: "another HTTP POST request" },
  { first: 0x50, second: 0x52, protocol: "an HTTP/2 or PROXY protocol preface" },
  { first: 0x16, second: 0x03, protocol: "a TLS handshake" },
  { first: 0x15, second: 0x03, protocol: "a TLS alert" },
  { first: 0x7b, second: undefined, protocol: "JSON text without WebSocket framing" },
  { first: 0x5b, second: undefined, protocol: "JSON text without WebSocket framing" },
  { first: 0x3c, second: 0x21, protocol: "an HTML page" },
  { first: 0x3c, second: 0x68, protocol: "an HTML page" },
  { first: 0x3c, second: 0x48, protocol: "an HTML page" },
  { first: 0x0d, second: 0x0a, protocol: "a stray line break" },
  { first: 0x53, second: 0x53, protocol: "SSH" },
  { first: 0x05, second: 0x01, protocol: "SOCKS 5" },
  { first: 0x04, second: 0x01, protocol: "SOCKS 4" },
  { first: 0xff, second: 0x00, protocol: "the framing of a WebSocket draft from before 2011" },
];

const firstBytes: ReadonlySet<number> = new Set(signatures.map((signature) => signature.first));

/** Whether a second byte is worth waiting for before the frame rules judge the first. */
export function startsForeignStream(first: number): boolean {
  return firstBytes.has(first);
}

/** The failure that names the protocol, if the first two bytes are not a frame's. */
export function recogniseForeignStream(first: number, second: number, role: Role): Failure | undefined {
  const match = signatures.find(
    (signature) => signature.first === first && (signature.second ?? second) === second,
  );
  if (match === undefined) return undefined;
  if (first === 0x48 && role === "client") return engineFailures.create("http-response-after-101", {});
  return engineFailures.create("stream-not-websocket", { protocol: match.protocol });
}
