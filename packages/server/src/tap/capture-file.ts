/**
 * `--save`: writes what passes as a pcapng file, one TCP connection for each that was tapped, so that Wireshark and
 * `antiphon decode` read it. Written synchronously: nothing is queued without bound, and nothing is lost when the tap is
 * killed. TLS is not in the file, only what was inside it.
 */
import { closeSync, openSync, writevSync } from "node:fs";
import { isIPv4 } from "node:net";
import type { Role } from "@antiphon/websocket";
import { createInterfaceDescription, createPacketBlock, createSectionHeader } from "./pcapng-block.ts";
import { createSegmentHeaders, type Endpoint, maxSegmentPayload, tcpFlags } from "./tcp-segment.ts";

/** Both ends of a tapped connection. */
export interface CapturedAddresses {
  readonly client: { readonly address: string; readonly port: number };
  readonly server: { readonly address: string; readonly port: number };
}

/** Where the blocks go. */
export type WriteBlocks = (blocks: readonly Uint8Array[]) => void;

/** Wireshark takes the protocol from the port, and would see X11 at 6001 and TLS at 443. */
const capturedServerPort = 80;
/** A receiver acknowledges at the latest after this much, or readers think that the window is full. */
const acknowledgeAfterBytes = 262_144;

export class CaptureFile {
  readonly #write: WriteBlocks;
  readonly #nowUs: () => bigint;

  /** @param nowUs microseconds since 1970. */
  constructor(write: WriteBlocks, nowUs: () => bigint) {
    this.#write = write;
    this.#nowUs = nowUs;
    write([createSectionHeader("antiphon tap"), createInterfaceDescription("tap")]);
  }

  /** Begins a connection with its three-way handshake. */
  open(addresses: CapturedAddresses): CapturedConnection {
    return new CapturedConnection(addresses, (packet, comment) => {
      this.#write([createPacketBlock(this.#nowUs(), packet, comment)]);
    });
  }
}

/**
 * Opens a file for blocks; an existing one is replaced. Only its owner may read it, since credentials pass unchanged.
 * Throws what the file system throws.
 */
export function openCaptureFile(path: string): { readonly write: WriteBlocks; close(): void } {
  const file = openSync(path, "w", 0o600);
  return {
    write(blocks) {
      // The types want a mutable array, which is only read.
      let rest = [...blocks];
      while (rest.length > 0) {
        let written = writevSync(file, rest);
        rest = rest.flatMap((block) => {
          const skipped = Math.min(written, block.length);
          written -= skipped;
          return skipped === block.length ? [] : [block.subarray(skipped)];
        });
      }
    },
    close: () => closeSync(file),
  };
}

interface Half {
  readonly endpoint: Endpoint;
  /** Of the next byte that this side sends. */
  sequence: number;
  /** Bytes that the other side has not acknowledged. */
  unacknowledged: number;
  isEnded: boolean;
}

const empty = new Uint8Array(0);

/** One connection in a capture. Ends and resets are written as they happened. */
export class CapturedConnection {
  readonly #writePacket: (packet: readonly Uint8Array[], comment?: string) => void;
  readonly #halves: Readonly<Record<Role, Half>>;
  #isReset = false;

  constructor(
    { client, server }: CapturedAddresses,
    writePacket: (packet: readonly Uint8Array[], comment?: string) => void,
  ) {
    this.#writePacket = writePacket;
    this.#halves = {
      client: createHalf(toIPv4(client.address, 1), client.port, 1000),
      server: createHalf(toIPv4(server.address, 2), capturedServerPort, 2000),
    };
    const comment = `client ${client.address} port ${client.port}, target ${server.address} port ${server.port}, which is written as port ${capturedServerPort}`;
    this.#send("client", tcpFlags.syn, empty, comment);
    this.#send("server", tcpFlags.syn | tcpFlags.ack, empty);
    this.#send("client", tcpFlags.ack, empty);
  }

  /** Bytes that a side sent. */
  data(from: Role, bytes: Uint8Array): void {
    if (this.#isReset || this.#halves[from].isEnded) return;
    for (let at = 0; at < bytes.length; at += maxSegmentPayload) {
      this.#send(from, tcpFlags.psh | tcpFlags.ack, bytes.subarray(at, at + maxSegmentPayload));
      if (this.#halves[from].unacknowledged >= acknowledgeAfterBytes) {
        this.#send(from === "client" ? "server" : "client", tcpFlags.ack, empty);
      }
    }
  }

  /** A side ended its direction, or reset both. */
  end(from: Role, how: "fin" | "reset"): void {
    if (this.#isReset) return;
    if (how === "reset") {
      this.#isReset = true;
      this.#send(from, tcpFlags.rst | tcpFlags.ack, empty);
      return;
    }
    if (this.#halves[from].isEnded) return;
    this.#halves[from].isEnded = true;
    this.#send(from, tcpFlags.fin | tcpFlags.ack, empty);
    this.#send(from === "client" ? "server" : "client", tcpFlags.ack, empty);
  }

  #send(from: Role, flags: number, payload: Uint8Array, comment?: string): void {
    const sender = this.#halves[from];
    const receiver = this.#halves[from === "client" ? "server" : "client"];
    const headers = createSegmentHeaders({
      from: sender.endpoint,
      to: receiver.endpoint,
      sequence: sender.sequence,
      acknowledgement: (flags & tcpFlags.ack) === 0 ? 0 : receiver.sequence,
      flags,
      payload,
    });
    // SYN and FIN take a sequence number each; numbers wrap at 2^32.
    const taken = payload.length + ((flags & (tcpFlags.syn | tcpFlags.fin)) === 0 ? 0 : 1);
    sender.sequence = (sender.sequence + taken) % 0x1_0000_0000;
    sender.unacknowledged += payload.length;
    receiver.unacknowledged = 0;
    this.#writePacket([headers, payload], comment);
  }
}

function createHalf(address: Uint8Array, port: number, sequence: number): Half {
  return { endpoint: { address, port }, sequence, unacknowledged: 0, isEnded: false };
}

/** IPv6 addresses get one from a block for documentation (RFC 5737); the comment of the first packet holds the real one. */
function toIPv4(address: string, host: number): Uint8Array {
  const plain = address.replace(/^::ffff:/i, "");
  return isIPv4(plain) ? Uint8Array.from(plain.split("."), Number) : Uint8Array.of(192, 0, 2, host);
}
