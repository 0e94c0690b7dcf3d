import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CaptureFile } from "../../tap/capture-file.ts";
import { createIPv4Packet, createIPv6Packet, createPcap, linkHeaders } from "./capture.test.harness.ts";
import { isPcap, readPcap } from "./pcap-file.ts";
import { isPcapng, readPcapng } from "./pcapng-file.ts";
import { readTcpSegment } from "./tcp-segment.ts";

const packet = createIPv4Packet({ from: "client", at: 0, payload: "hello" });

describe("a pcap file", () => {
  it.each([false, true])("is read with its times and link type (big-endian: %s)", (bigEndian) => {
    const file = createPcap([packet, packet], { linkType: 1, bigEndian });
    expect(isPcap(file)).toBe(true);
    expect(readPcap(file)).toEqual({
      ok: true,
      packets: [
        { timeMs: 100_500, linkType: 1, bytes: packet },
        { timeMs: 101_500, linkType: 1, bytes: packet },
      ],
    });
  });

  it("that breaks off inside a packet gives those before it", () => {
    const file = createPcap([packet, packet]);
    expect(readPcap(file.subarray(0, file.length - 1))).toMatchObject({
      ok: true,
      packets: [{ bytes: packet }],
    });
  });

  it("with an impossible length is refused", () => {
    const file = createPcap([packet]);
    file.writeUInt32LE(0xffff_ffff, 24 + 8);
    expect(readPcap(file)).toMatchObject({ ok: false, failure: { name: "capture-invalid" } });
    expect(readPcap(file.subarray(0, 10))).toMatchObject({ ok: false });
  });
});

describe("a pcapng file", () => {
  function createPcapng(): Buffer {
    const blocks: Uint8Array[] = [];
    const file = new CaptureFile(
      (more) => blocks.push(...more),
      () => 1_500_000n,
    );
    const ends = { address: "192.0.2.7", port: 5000 };
    const connection = file.open({ client: ends, server: { address: "192.0.2.8", port: 443 } });
    connection.data("client", Buffer.from("hello"));
    return Buffer.concat(blocks);
  }

  it("of antiphon tap is read with its times", () => {
    const file = createPcapng();
    expect(isPcapng(file)).toBe(true);
    const read = readPcapng(file);
    if (!read.ok) throw new Error(read.failure.message);
    expect(read.packets.map(({ timeMs }) => timeMs)).toEqual([1500, 1500, 1500, 1500]);
    const segments = read.packets.map(readTcpSegment);
    expect(segments[0]).toMatchObject({ source: "192.0.2.7:5000", destination: "192.0.2.8:80", isSyn: true });
    expect(Buffer.from(segments[3]?.payload ?? []).toString()).toBe("hello");
  });

  it("in the other byte order is read", () => {
    const words = (...values: number[]): Buffer => {
      const bytes = Buffer.alloc(values.length * 4);
      for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
      return bytes;
    };
    const padded = Buffer.concat([packet, Buffer.alloc((4 - (packet.length % 4)) % 4)]);
    const length = 32 + padded.length;
    const file = Buffer.concat([
      words(0x0a0d0d0a, 28, 0x1a2b3c4d, 0x0001_0000, 0xffff_ffff, 0xffff_ffff, 28),
      words(1, 20, 0x0065_0000, 0, 20),
      words(6, length, 0, 0, 2_000_000, packet.length, packet.length),
      padded,
      words(length),
    ]);
    expect(readPcapng(file)).toEqual({
      ok: true,
      packets: [{ timeMs: 2000, linkType: 101, bytes: packet }],
    });
  });

  it("with a block of no length is refused", () => {
    const file = createPcapng();
    file.writeUInt32LE(0, 4);
    expect(readPcapng(file)).toMatchObject({ ok: false, failure: { name: "capture-invalid" } });
  });
});

describe("a packet", () => {
  it.each(Object.entries(linkHeaders))(
    "behind the link type %s gives its TCP segment",
    (linkType, header) => {
      const captured = {
        timeMs: undefined,
        linkType: Number(linkType),
        bytes: Buffer.concat([header, packet]),
      };
      expect(readTcpSegment(captured)).toMatchObject({
        source: "10.0.0.1:5000",
        destination: "10.0.0.2:80",
        sequence: 1000,
        payload: Buffer.from("hello"),
      });
    },
  );

  it("with VLAN tags, or IPv6 with a header more, gives its TCP segment", () => {
    const tagged = Buffer.concat([
      Buffer.from("aabbccddeeff1122334455668100000508004500", "hex").subarray(0, 18),
      packet,
    ]);
    expect(readTcpSegment({ timeMs: 0, linkType: 1, bytes: tagged })).toMatchObject({ sequence: 1000 });
    const ipv6 = createIPv6Packet({ from: "server", at: 5, payload: "hi" });
    expect(readTcpSegment({ timeMs: 0, linkType: 101, bytes: ipv6 })).toMatchObject({
      source: "[2001:db8::2]:80",
      destination: "[2001:db8::1]:5000",
      payload: Buffer.from("hi"),
    });
  });

  it("that tcpdump printed is recognised with and without its link", () => {
    for (const header of [linkHeaders[1], linkHeaders[101]]) {
      const bytes = Buffer.concat([header ?? Buffer.alloc(0), packet]);
      expect(readTcpSegment({ timeMs: undefined, linkType: "guess", bytes })).toMatchObject({
        sequence: 1000,
      });
    }
  });

  it("that is a fragment, UDP or of an unknown link gives nothing", () => {
    const fragment = Buffer.from(packet);
    fragment[6] = 0x20;
    const udp = Buffer.from(packet);
    udp[9] = 17;
    for (const bytes of [fragment, udp])
      expect(readTcpSegment({ timeMs: 0, linkType: 101, bytes })).toBeUndefined();
    expect(readTcpSegment({ timeMs: 0, linkType: 105, bytes: packet })).toBeUndefined();
  });
});

it("no bytes make the readers throw", () => {
  const links = fc.constantFrom<number | "guess">(0, 1, 101, 113, 276, "guess");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), links, (bytes, linkType) => {
      const magic = Buffer.from("d4c3b2a1", "hex");
      const section = Buffer.from("0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000", "hex");
      readPcap(Buffer.concat([magic, bytes]));
      readPcapng(Buffer.concat([section, bytes]));
      readTcpSegment({ timeMs: undefined, linkType, bytes });
    }),
    { numRuns: 500 },
  );
});
