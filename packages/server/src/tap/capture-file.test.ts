import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type CapturedConnection, CaptureFile, openCaptureFile } from "./capture-file.ts";
import { maxSegmentPayload } from "./tcp-segment.ts";

const addresses = {
  client: { address: "127.0.0.1", port: 50_000 },
  server: { address: "10.1.2.3", port: 6001 },
};

/** A packet as it stands in the file. */
interface ReadPacket {
  readonly ip: Buffer;
  readonly tcp: Buffer;
  readonly payload: Buffer;
}

function capture(drive: (connection: CapturedConnection) => void, from = addresses): Buffer {
  const blocks: Uint8Array[] = [];
  const file = new CaptureFile(
    (written) => void blocks.push(...written.map((block) => Buffer.from(block))),
    () => 1_700_000_000_123_456n,
  );
  drive(file.open(from));
  return Buffer.concat(blocks);
}

/** Reads the file without the code under test. */
function readPackets(file: Buffer): ReadPacket[] {
  const packets: ReadPacket[] = [];
  for (let at = 0; at < file.length; ) {
    const type = file.readUInt32LE(at);
    const length = file.readUInt32LE(at + 4);
    expect(length % 4).toBe(0);
    expect(file.readUInt32LE(at + length - 4)).toBe(length);
    if (type === 6) {
      const captured = file.readUInt32LE(at + 20);
      const packet = file.subarray(at + 28, at + 28 + captured);
      expect(packet.readUInt16BE(2)).toBe(captured);
      const tcpLength = (packet[32]! >> 4) * 4;
      packets.push({
        ip: packet.subarray(0, 20),
        tcp: packet.subarray(20, 20 + tcpLength),
        payload: packet.subarray(20 + tcpLength),
      });
    }
    at += length;
  }
  return packets;
}

/** With its checksum in place, the words of a header add up to all ones (RFC 1071). */
function sumWords(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 2) sum += part[at]! * 256 + (part[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 65_536);
  return sum;
}

function describePacket({ ip, tcp, payload }: ReadPacket): string {
  const flags = ["FIN", "SYN", "RST", "PSH", "ACK"]
    .filter((_, bit) => (tcp[13]! & (1 << bit)) !== 0)
    .join("+");
  const from = ip.subarray(12, 16).join(".");
  return `${from}:${tcp.readUInt16BE(0)} ${flags} ${tcp.readUInt32BE(4)} ${tcp.readUInt32BE(8)} ${payload.toString("latin1")}`.trim();
}

describe("a capture", () => {
  it("begins with the blocks of the format, byte for byte", () => {
    const file = capture(() => {});
    expect(file.subarray(0, 48).toString("hex")).toBe(
      "0a0d0d0a" +
        "30000000" +
        "4d3c2b1a" +
        "01000000" +
        "ffffffffffffffff" +
        "04000c00" +
        "616e746970686f6e20746170" +
        "00000000" +
        "30000000",
    );
    expect(file.subarray(48, 88).toString("hex")).toBe(
      "01000000" +
        "28000000" +
        "65000000" +
        "00000000" +
        "02000300" +
        "74617000" +
        "09000100" +
        "06000000" +
        "00000000" +
        "28000000",
    );
    // The time in microseconds, high and low word.
    expect(file.readUInt32LE(100)).toBe(Math.floor(1_700_000_000_123_456 / 2 ** 32));
    expect(file.readUInt32LE(104)).toBe(1_700_000_000_123_456 % 2 ** 32);
  });

  it("holds handshake, data, acknowledgements and ends with the right numbers", () => {
    const file = capture((connection) => {
      connection.data("client", Buffer.from("hello"));
      connection.data("server", Buffer.from("hi"));
      connection.end("server", "fin");
      connection.end("client", "fin");
    });
    expect(readPackets(file).map(describePacket)).toEqual([
      "127.0.0.1:50000 SYN 1000 0",
      "10.1.2.3:80 SYN+ACK 2000 1001",
      "127.0.0.1:50000 ACK 1001 2001",
      "127.0.0.1:50000 PSH+ACK 1001 2001 hello",
      "10.1.2.3:80 PSH+ACK 2001 1006 hi",
      "10.1.2.3:80 FIN+ACK 2003 1006",
      "127.0.0.1:50000 ACK 1006 2004",
      "127.0.0.1:50000 FIN+ACK 1006 2004",
      "10.1.2.3:80 ACK 2004 1007",
    ]);
  });

  it("has right checksums, also of odd payloads", () => {
    const file = capture((connection) => connection.data("client", Buffer.from("odd")));
    for (const { ip, tcp, payload } of readPackets(file)) {
      const pseudoHeader = [ip.subarray(12, 20), Buffer.from([0, 6, 0, tcp.length + payload.length])];
      expect(sumWords(ip)).toBe(0xffff);
      expect(sumWords(...pseudoHeader, tcp, payload)).toBe(0xffff);
    }
  });

  it("cuts data into segments that IPv4 can carry, and acknowledges them", () => {
    const data = Buffer.alloc(300_000, "x");
    const packets = readPackets(capture((connection) => connection.data("server", data)));
    const sizes = packets.map(({ payload }) => payload.length).filter((size) => size > 0);
    expect(sizes).toEqual([
      ...Array.from({ length: 4 }, () => maxSegmentPayload),
      300_000 - 4 * maxSegmentPayload,
    ]);
    expect(describePacket(packets.at(-1)!)).toBe(`127.0.0.1:50000 ACK 1001 ${2001 + 300_000}`);
  });

  it("ends with a reset as it happened, and holds nothing behind it", () => {
    const packets = readPackets(
      capture((connection) => {
        connection.end("client", "reset");
        connection.data("server", Buffer.from("late"));
        connection.end("server", "fin");
      }),
    );
    expect(packets.slice(3).map(describePacket)).toEqual(["127.0.0.1:50000 RST+ACK 1001 2001"]);
  });

  it("stands in for IPv6 with addresses for documentation, and names the real ones in a comment", () => {
    const file = capture(() => {}, { ...addresses, client: { address: "2001:db8::5", port: 50_000 } });
    expect(describePacket(readPackets(file)[0]!)).toBe("192.0.2.1:50000 SYN 1000 0");
    expect(file.includes("client 2001:db8::5 port 50000, target 10.1.2.3 port 6001")).toBe(true);
  });
});

describe("a capture file", () => {
  const tshark = spawnSync("tshark", ["--version"]).status === 0;

  function writeFile(): string {
    const folder = mkdtempSync(join(tmpdir(), "antiphon-capture-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "tap.pcapng");
    const file = openCaptureFile(path);
    let nowUs = 1_700_000_000_000_000n;
    const capturing = new CaptureFile(file.write, () => (nowUs += 1000n));
    const connection = capturing.open(addresses);
    connection.data(
      "client",
      Buffer.from(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
      ),
    );
    connection.data(
      "server",
      Buffer.from(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
      ),
    );
    connection.data("server", Buffer.from("\x81\x05Hello", "latin1"));
    connection.end("server", "fin");
    connection.end("client", "fin");
    file.close();
    return path;
  }

  it("may be read by its owner only", () => {
    expect(statSync(writeFile()).mode & 0o777).toBe(0o600);
  });

  it.skipIf(!tshark)("is read by tshark as HTTP and WebSocket, with every checksum right", () => {
    const checks = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"];
    const fields = ["ip.checksum.status", "tcp.checksum.status", "_ws.col.Protocol", "tcp.analysis.flags"];
    const { stdout } = spawnSync(
      "tshark",
      ["-r", writeFile(), ...checks, "-T", "fields", ...fields.flatMap((field) => ["-e", field])],
      { encoding: "utf8" },
    );
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((row) => row.split("\t"));
    expect(rows.map(([ip, tcp]) => `${ip}${tcp}`)).toEqual(rows.map(() => "11"));
    expect(rows.map(([, , protocol]) => protocol)).toEqual([
      "TCP",
      "TCP",
      "TCP",
      "HTTP",
      "HTTP",
      "WebSocket",
      "TCP",
      "TCP",
      "TCP",
      "TCP",
    ]);
    expect(rows.map(([, , , flags]) => flags ?? "").join("")).toBe("");
  });
});
