import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createIPv4Packet, type TestEnds, type TestSegment } from "./capture.test.harness.ts";
import type { CapturedPacket } from "./captured-packet.ts";
import { type CapturedConnection, findConnections } from "./tcp-connections.ts";

function capture(segments: readonly TestSegment[], ends?: TestEnds): CapturedPacket[] {
  return segments.map((segment, index) => ({
    timeMs: 1000 + index,
    linkType: 101,
    bytes: createIPv4Packet(segment, ends),
  }));
}

function only(packets: readonly CapturedPacket[]): CapturedConnection {
  const connections = findConnections(packets);
  expect(connections).toHaveLength(1);
  return connections[0]!;
}

const textOf = ({ streams }: CapturedConnection, side: "client" | "server"): string =>
  Buffer.from(streams[side].bytes).toString("latin1");

const opening: readonly TestSegment[] = [
  { from: "client", at: -1, flags: "S" },
  { from: "server", at: -1, flags: "SA" },
];

describe("TCP connections of a capture", () => {
  it("are put together in both directions, with who ended first", () => {
    const connection = only(
      capture([
        ...opening,
        { from: "client", at: 0, payload: "ab" },
        { from: "server", at: 0, payload: "xy" },
        { from: "client", at: 2, payload: "c" },
        { from: "server", at: 2, flags: "FA" },
        { from: "client", at: 3, flags: "FA" },
      ]),
    );
    expect([textOf(connection, "client"), textOf(connection, "server")]).toEqual(["abc", "xy"]);
    expect(connection).toMatchObject({
      client: "10.0.0.1:5000",
      server: "10.0.0.2:80",
      startMs: 1000,
      end: { by: "server", how: "fin", timeMs: 1005 },
    });
    expect(connection.streams.client.hasStart).toBe(true);
    expect([0, 1, 2].map((at) => connection.streams.client.timeOf(at))).toEqual([1002, 1002, 1004]);
  });

  it("take other orders, what is sent again, overlaps and keep-alive probes", () => {
    const connection = only(
      capture([
        ...opening,
        { from: "client", at: 4, payload: "efgh" },
        { from: "client", at: 0, payload: "abcd" },
        { from: "client", at: 4, payload: "efgh" },
        { from: "client", at: 2, payload: "cdef" },
        { from: "client", at: 7, payload: "?" },
        { from: "client", at: 6, payload: "ghij" },
      ]),
    );
    expect(textOf(connection, "client")).toBe("abcdefghij");
  });

  it("take numbers that wrap", () => {
    const ends = { firstSequence: 0xffff_fffe };
    const connection = only(
      capture(
        [...opening, { from: "client", at: 0, payload: "abcd" }, { from: "client", at: 4, payload: "ef" }],
        ends,
      ),
    );
    expect(textOf(connection, "client")).toBe("abcdef");
  });

  it("end where the capture misses bytes, and say how many", () => {
    const { streams } = only(
      capture([
        ...opening,
        { from: "client", at: 0, payload: "ab" },
        { from: "client", at: 5, payload: "fg" },
      ]),
    );
    expect(streams.client).toMatchObject({ bytes: Buffer.from("ab"), missingBytes: 3 });
  });

  it("of a capture that began later are told apart by what they send", () => {
    const request = "GET / HTTP/1.1\r\n\r\n";
    const segments: TestSegment[] = [
      { from: "server", at: 0, payload: "HTTP/1.1 101 OK\r\n\r\n" },
      { from: "client", at: 0, payload: request },
    ];
    const connection = only(capture(segments));
    expect(connection.client).toBe("10.0.0.1:5000");
    expect(connection.streams.client.hasStart).toBe(false);
    const masked = Buffer.from("818237fa213d5f93", "hex");
    const server = Buffer.from("81026869", "hex");
    const late = only(
      capture([
        { from: "server", at: 0, payload: server },
        { from: "client", at: 0, payload: masked },
      ]),
    );
    expect(late.client).toBe("10.0.0.1:5000");
  });

  it("on a port that is used again are two, and a SYN that is sent again begins nothing", () => {
    const first = capture([...opening, ...opening, { from: "client", at: 0, payload: "one" }]);
    const second = capture([...opening, { from: "client", at: 0, payload: "two" }], {
      firstSequence: 90_000,
    });
    const connections = findConnections([...first, ...second]);
    expect(connections.map((connection) => textOf(connection, "client"))).toEqual(["one", "two"]);
    expect(connections.map(({ number }) => number)).toEqual([1, 2]);
  });

  it("without data are not counted", () => {
    expect(findConnections(capture(opening))).toEqual([]);
  });
});

it("any cut, order and repetition of segments gives the same bytes", () => {
  const bytes = Buffer.from(Array.from({ length: 60 }, (_, index) => index));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(59), fc.integer({ min: 1, max: 20 })), { maxLength: 20 }),
      fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
      (extra, order) => {
        const whole = Array.from({ length: 10 }, (_, index) => [index * 6, 6] as const);
        const cuts = [...whole, ...extra].map(([at, length], index) => ({
          at,
          length,
          rank: order[index % 30]! + index / 100,
        }));
        const segments = cuts
          .toSorted((a, b) => a.rank - b.rank)
          .map(
            ({ at, length }) => ({ from: "client", at, payload: bytes.subarray(at, at + length) }) as const,
          );
        const connection = only(capture([...opening, ...segments]));
        expect(Buffer.from(connection.streams.client.bytes)).toEqual(bytes);
      },
    ),
    { numRuns: 100 },
  );
});
