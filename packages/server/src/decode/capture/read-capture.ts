/** A capture in one of the formats people have: pcap, pcapng, or the hex that tcpdump prints. */
import { splitPacketText } from "@antiphon/websocket/inspect";
import type { CapturedPacket, CaptureRead } from "./captured-packet.ts";
import { isPcap, readPcap } from "./pcap-file.ts";
import { isPcapng, readPcapng } from "./pcapng-file.ts";

/** Reads a file that is a capture; `undefined` for any other. */
export function readCaptureFile(
  bytes: Uint8Array,
): { format: "pcap" | "pcapng"; read: CaptureRead } | undefined {
  if (isPcap(bytes)) return { format: "pcap", read: readPcap(bytes) };
  if (isPcapng(bytes)) return { format: "pcapng", read: readPcapng(bytes) };
  return undefined;
}

/** Packets in text that `tcpdump -x`, `-X`, `-xx` or `-XX` printed; none in any other text. */
export function readPacketText(text: string): CapturedPacket[] {
  return splitPacketText(text).map((bytes) => ({ timeMs: undefined, linkType: "guess", bytes }));
}
