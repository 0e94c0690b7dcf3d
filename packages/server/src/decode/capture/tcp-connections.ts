/** The TCP connections of a capture: packets in, both directions of each connection and how it ended out. */
import type { Role } from "@antiphon/websocket";
import type { CapturedPacket } from "./captured-packet.ts";
import { readTcpSegment, type TcpSegment } from "./tcp-segment.ts";
import { type ReassembledStream, TcpStream } from "./tcp-stream.ts";

export interface CapturedConnection {
  /** Counted from 1, in the order of the capture. */
  readonly number: number;
  /** Address and port. */
  readonly client: string;
  readonly server: string;
  readonly streams: Readonly<Record<Role, ReassembledStream>>;
  /** Of its first packet, in milliseconds since 1970. */
  readonly startMs: number | undefined;
  /** Who ended TCP first and how; `undefined` if the capture ends before. */
  readonly end: ConnectionEnd | undefined;
}

export interface ConnectionEnd {
  readonly by: Role;
  readonly how: "fin" | "reset";
  readonly timeMs: number | undefined;
}

interface Tracked {
  readonly first: string;
  readonly second: string;
  readonly startMs: number | undefined;
  /** By the end that sends. */
  readonly streams: ReadonlyMap<string, TcpStream>;
  opener: string | undefined;
  openingSequence: number | undefined;
  end:
    | { readonly by: string; readonly how: "fin" | "reset"; readonly timeMs: number | undefined }
    | undefined;
}

/** Finds all connections that carry data. */
export function findConnections(packets: readonly CapturedPacket[]): CapturedConnection[] {
  const all: Tracked[] = [];
  const current = new Map<string, Tracked>();
  for (const packet of packets) {
    const segment = readTcpSegment(packet);
    if (segment === undefined) continue;
    const key = [segment.source, segment.destination].toSorted().join(" ");
    let tracked = current.get(key);
    if (tracked === undefined || opensAnew(tracked, segment)) {
      tracked = track(segment);
      current.set(key, tracked);
      all.push(tracked);
    }
    addSegment(tracked, segment);
  }
  const withData = all.filter(({ streams }) => [...streams.values()].some(({ hasData }) => hasData));
  return withData.map((tracked, index) => conclude(tracked, index + 1));
}

/** Ports are used again: another SYN begins another connection, the same SYN again does not. */
function opensAnew(tracked: Tracked, { isSyn, isAck, sequence }: TcpSegment): boolean {
  return isSyn && !isAck && tracked.openingSequence !== sequence;
}

function track({ source, destination, timeMs }: TcpSegment): Tracked {
  const streams = new Map([
    [source, new TcpStream()],
    [destination, new TcpStream()],
  ]);
  return {
    first: source,
    second: destination,
    startMs: timeMs,
    streams,
    opener: undefined,
    openingSequence: undefined,
    end: undefined,
  };
}

function addSegment(tracked: Tracked, segment: TcpSegment): void {
  const { source, destination, isSyn, isAck, isFin, isReset, timeMs } = segment;
  if (isSyn) tracked.opener = isAck ? destination : source;
  if (isSyn && !isAck) tracked.openingSequence = segment.sequence;
  tracked.streams.get(source)?.add(segment);
  if ((isFin || isReset) && tracked.end === undefined) {
    tracked.end = { by: source, how: isReset ? "reset" : "fin", timeMs };
  }
}

function conclude(
  { first, second, streams, startMs, opener, end }: Tracked,
  number: number,
): CapturedConnection {
  const read = (name: string): ReassembledStream => (streams.get(name) ?? new TcpStream()).reassemble();
  const ends = [
    { name: first, stream: read(first) },
    { name: second, stream: read(second) },
  ] as const;
  const isSecondClient = opener === undefined ? looksLikeClient(ends[1].stream) : opener === second;
  const [client, server] = isSecondClient ? [ends[1], ends[0]] : ends;
  return {
    number,
    client: client.name,
    server: server.name,
    streams: { client: client.stream, server: server.stream },
    startMs,
    end: end && { ...end, by: end.by === client.name ? "client" : "server" },
  };
}

/** Without a SYN: clients send requests and masked frames. */
function looksLikeClient({ bytes }: ReassembledStream): boolean {
  const [, second] = bytes;
  const text = Buffer.from(bytes.subarray(0, 8)).toString("latin1");
  if (text.startsWith("HTTP/1.")) return false;
  return text.startsWith("GET ") || (second !== undefined && second >= 0x80);
}
