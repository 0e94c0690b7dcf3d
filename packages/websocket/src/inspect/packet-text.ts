/**
 * The output of tcpdump -x, -X, -xx and -XX: the TCP payloads of its packets, in the order of the capture. One direction
 * only: the two sides of a connection are two streams of frames.
 */
import type { ReadText } from "./byte-text.ts";
import { append } from "./dump-text.ts";
import { readTcpSegment } from "./tcp-segment.ts";

const packetLine = /^[ \t]*0x([\da-f]{4,}):[ \t]+((?:[\da-f]{2,4}(?: |$))+)/i;

interface Packet {
  readonly bytes: number[];
  /** Of its first line in the text. */
  readonly position: number;
}

/** Whether any line looks like one of a packet. */
export function startsPackets(text: string): boolean {
  return text.split("\n").some((line) => packetLine.test(line.trimEnd()));
}

export function readPackets(text: string): ReadText {
  const payloads: Uint8Array[] = [];
  const seen = new Set<string>();
  let direction: string | undefined;
  for (const { bytes, position } of splitPackets(text)) {
    const segment = readTcpSegment(Uint8Array.from(bytes));
    if (segment === undefined)
      return { problem: "a packet that is not TCP over IP, or is cut off", position };
    const { sourcePort, destinationPort, sequence, payload } = segment;
    if (payload.length === 0) continue;
    direction ??= `${sourcePort}>${destinationPort}`;
    if (direction !== `${sourcePort}>${destinationPort}`) {
      return { problem: "a packet of another direction or connection, paste one at a time", position };
    }
    // A segment that was sent again, or captured on two interfaces, holds nothing new.
    const identity = `${sequence}+${payload.length}`;
    if (!seen.has(identity)) payloads.push(payload);
    seen.add(identity);
  }
  if (payloads.length === 0) return { problem: "no packet carries data", position: 0 };
  return { bytes: Uint8Array.from(Buffer.concat(payloads)) };
}

/** All packets in the text, of any direction and connection, whole; for tools that put connections together. */
export function splitPacketText(text: string): Uint8Array[] {
  return splitPackets(text).map(({ bytes }) => Uint8Array.from(bytes));
}

/** Lines that are not hex are tcpdump's descriptions of the packets. */
function splitPackets(text: string): Packet[] {
  const packets: Packet[] = [];
  let position = 0;
  for (const line of text.split("\n")) {
    const match = packetLine.exec(line.trimEnd());
    if (match !== null) {
      if (Number.parseInt(match[1]!, 16) === 0) packets.push({ bytes: [], position });
      const packet = packets.at(-1);
      if (packet) append(packet.bytes, Buffer.from(match[2]!.replaceAll(" ", ""), "hex"));
    }
    position += line.length + 1;
  }
  return packets;
}
