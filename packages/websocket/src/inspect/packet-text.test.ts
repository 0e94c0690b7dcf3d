import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../frames/hex.test.harness.ts";
import { parseByteText } from "./byte-text.ts";

interface PacketFields {
  readonly from: number;
  readonly to: number;
  readonly sequence: number;
  readonly payload: string;
}

/** IPv4 without options, TCP with a timestamp option as Linux sends it. */
function ipv4({ from, to, sequence, payload }: PacketFields): Buffer {
  const data = fromHex(payload);
  const packet = Buffer.alloc(20 + 32 + data.length);
  packet[0] = 0x45;
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt16BE(0x4000, 6);
  packet[9] = 6;
  writeTcp(packet, 20, { from, to, sequence, payload });
  return packet;
}

function ipv6(fields: PacketFields): Buffer {
  const packet = Buffer.alloc(40 + 32 + fields.payload.length / 2);
  packet[0] = 0x60;
  packet.writeUInt16BE(packet.length - 40, 4);
  packet[6] = 6;
  writeTcp(packet, 40, fields);
  return packet;
}

function writeTcp(packet: Buffer, at: number, { from, to, sequence, payload }: PacketFields): void {
  packet.writeUInt16BE(from, at);
  packet.writeUInt16BE(to, at + 2);
  packet.writeUInt32BE(sequence, at + 4);
  packet[at + 12] = 0x80;
  packet.set(fromHex(payload), at + 32);
}

/** As `tcpdump -x` prints it, and with `text` as `tcpdump -X`. */
function print(packet: Buffer, text = false): string {
  const lines = ["12:00:00.000001 IP 127.0.0.1.5000 > 127.0.0.1.6001: Flags [P.], length 8"];
  for (let at = 0; at < packet.length; at += 16) {
    const hex = toHex(packet.subarray(at, at + 16)).replaceAll(/.{4}(?=.)/g, "$& ");
    const gutter = text ? `${" ".repeat(41 - hex.length)}E..4....@.@.` : "";
    lines.push(`\t0x${at.toString(16).padStart(4, "0")}:  ${hex}${gutter}`);
  }
  return `${lines.join("\n")}\n`;
}

const first = { from: 5000, to: 6001, sequence: 1, payload: "818237fa213d" };
const second = { from: 5000, to: 6001, sequence: 7, payload: "5f9f4452" };

function read(text: string): string {
  const parsed = parseByteText(text);
  return parsed.ok ? `${parsed.format} ${toHex(parsed.bytes)}` : parsed.failure.message;
}

describe("bytes from tcpdump", () => {
  it.each([false, true])("joins the payloads of the packets, with text beside the hex: %s", (text) => {
    expect(read(print(ipv4(first), text) + print(ipv4(second), text))).toBe("packets 818237fa213d5f9f4452");
  });

  it("reads IPv6", () => {
    expect(read(print(ipv6(first)))).toBe("packets 818237fa213d");
  });

  it("reads packets with their Ethernet header and its padding", () => {
    const ethernet = Buffer.concat([Buffer.alloc(12), fromHex("0800"), ipv4(first), Buffer.alloc(4)]);
    expect(read(print(ethernet))).toBe("packets 818237fa213d");
  });

  it("leaves out acknowledgements and what was sent again", () => {
    const acknowledgement = { from: 6001, to: 5000, sequence: 1, payload: "" };
    const packets = [first, acknowledgement, first, second].map((fields) => print(ipv4(fields)));
    expect(read(packets.join(""))).toBe("packets 818237fa213d5f9f4452");
  });

  it("refuses both directions at once, which are two streams", () => {
    const answer = { from: 6001, to: 5000, sequence: 1, payload: "8100" };
    expect(read(print(ipv4(first)) + print(ipv4(answer)))).toContain("another direction");
  });

  it("refuses UDP, fragments and packets that were cut off", () => {
    const udp = ipv4(first);
    udp[9] = 17;
    const fragment = ipv4(first);
    fragment.writeUInt16BE(0x2000, 6);
    for (const packet of [udp, fragment, ipv4(first).subarray(0, 50), Buffer.alloc(10)]) {
      expect(read(print(packet))).toContain("not TCP over IP, or is cut off");
    }
  });

  it("refuses a capture in which nobody says anything", () => {
    expect(read(print(ipv4({ ...first, payload: "" })))).toContain("no packet carries data");
  });
});
