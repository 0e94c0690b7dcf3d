import { deflateRawSync, constants } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildPeerFrame, peerFrames } from "../../../../test/support/peer-frames.ts";
import { createRandom, cutRandomly } from "../../../../test/support/protocol-driver.ts";
import { ObservedConnection, switchProtocols, upgradeRequest } from "./observed.test.harness.ts";

const hello = "81 05 48 65 6c 6c 6f";
const maskedHello = "81 85 37 fa 21 3d 7f 9f 4d 51 58";

describe("the handshake", () => {
  it("shows request and answer, and says what was agreed on", () => {
    const connection = new ObservedConnection();
    connection.pass("client", upgradeRequest);
    connection.pass(
      "server",
      switchProtocols("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover"),
    );
    expect(connection.lines).toBe(
      `#1      0.000    127.0.0.1:50000 connected; 127.0.0.1:6001 reached after 0.0 ms
#1      0.000 →  GET /app/app-key?protocol=7 HTTP/1.1
                  Host: ws.example.com
                  Upgrade: websocket
                  Connection: Upgrade
                  Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                  Sec-WebSocket-Version: 13
                  Sec-WebSocket-Extensions: permessage-deflate
#1      0.000 ←  HTTP/1.1 101 Switching Protocols
                  Upgrade: websocket
                  Connection: Upgrade
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
                  Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover
#1      0.000    the handshake is right: no subprotocol, permessage-deflate (server 15 bits, no context takeover; client 15 bits)
`,
    );
  });

  it("hides what authenticates, and shows control characters as escapes", () => {
    const connection = new ObservedConnection();
    connection.pass(
      "client",
      "GET /a?token=secret1&x=\x9b31m HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret2\r\nCookie: s=secret3; t=secret4\r\n\r\n",
    );
    expect(connection.lines).not.toContain("secret");
    expect(connection.lines).toContain("GET /a?token=***&x=\\x9b31m HTTP/1.1");
    expect(connection.lines).toContain("Authorization: Bearer ***");
    expect(connection.lines).toContain("Cookie: s=***; t=***");
  });

  it("names a 200 in place of the 101, shows the start of the body, and blames it for the end", () => {
    const connection = new ObservedConnection();
    connection.pass("client", upgradeRequest);
    connection.pass("server", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    const { verdict } = connection.end("server");
    expect(connection.findingNames).toEqual(["response-status-200"]);
    expect(connection.lines).toContain('←  "hello"\n');
    expect(verdict).toMatchObject({ endedBy: "server", failure: "response-status-200" });
  });

  it("says that the Host header names something else when the target refuses", () => {
    const connection = new ObservedConnection();
    connection.pass("client", upgradeRequest.replace("Host: ws.example.com", "Host: localhost:7001"));
    connection.pass("server", "HTTP/1.1 404 Not Found\r\n\r\n");
    expect(connection.lines).toContain(
      "the target was asked for Host localhost:7001, not ws.example.com; --rewrite-host changes that",
    );
  });

  it("names a wrong accept value, and reads on with the frames", () => {
    const connection = new ObservedConnection();
    connection.pass("client", upgradeRequest);
    connection.pass("server", switchProtocols().replace("s3pP", "AAAA"));
    connection.passHex("server", hello);
    expect(connection.findingNames).toEqual(["response-accept-mismatch"]);
    expect(connection.frames).toHaveLength(1);
    expect(connection.end("client").verdict).toMatchObject({
      endedBy: "client",
      failure: "response-accept-mismatch",
      certainty: "likely",
    });
  });

  it("names frames of the server that come before its 101", () => {
    const connection = new ObservedConnection();
    connection.pass("client", upgradeRequest);
    connection.passHex("server", hello);
    expect(connection.findingNames).toEqual(["server-frame-before-101"]);
  });

  it("names frames of the client that come before the 101, and shows them once the answer is there", () => {
    const connection = new ObservedConnection();
    connection.pass("client", upgradeRequest);
    connection.passHex("client", maskedHello);
    expect(connection.frames).toHaveLength(0);
    connection.pass("server", switchProtocols());
    expect(connection.findingNames).toEqual(["handshake-early-data"]);
    expect(connection.frames).toMatchObject([{ from: "client", opcode: "text", preview: '"Hello"' }]);
  });

  it("shows no frames of a client that sent more before the 101 than is kept", () => {
    const connection = new ObservedConnection();
    connection.pass("client", upgradeRequest);
    connection.pass("client", Buffer.alloc(70_000));
    connection.pass("server", switchProtocols());
    connection.passHex("client", maskedHello);
    expect(connection.findingNames).toEqual(["handshake-early-data"]);
    expect(connection.frames).toHaveLength(0);
  });

  it("names TLS that is sent to a plain port", () => {
    const connection = new ObservedConnection();
    connection.passHex("client", "16 03 01 02 00 01 00 01 fc 03 03 00 00 00 00 00 00 00");
    expect(connection.findingNames).toEqual(["tls-sent-to-plain-port"]);
  });

  it("judges no plain HTTP, whose bodies are none of its business", () => {
    const connection = new ObservedConnection("hidden");
    connection.pass("client", "POST /apps/1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
    connection.pass("server", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    const { verdict } = connection.end("client");
    expect(connection.findingNames).toEqual([]);
    expect(verdict.failure).toBeUndefined();
    expect(connection.events.filter(({ type }) => type === "body")).toEqual([]);
  });
});

describe("frames", () => {
  it("are described with direction, flags, sizes and a preview", () => {
    const connection = ObservedConnection.open();
    connection.nowMs = 1234.5;
    connection.passHex("client", maskedHello);
    connection.passHex("server", "01 03 48 65 6c 80 02 6c 6f");
    expect(connection.lines).toBe(
      `#1      1.234 →  text          fin mask             5 B  "Hello"
#1      1.234 ←  text                               3 B  "Hel"
#1      1.234 ←  continuation  fin                  2 B (2 frames, 5 B)  "Hello"
`.replaceAll("1.234", (1.2345).toFixed(3)),
    );
  });

  it("with Pusher events are named by event and channel, without the signature", () => {
    const connection = ObservedConnection.open();
    const subscribe = '{"event":"pusher:subscribe","data":{"channel":"private-x","auth":"key:5ig"}}';
    connection.pass(
      "client",
      buildPeerFrame("server", { fin: true, opcode: 1, payload: Buffer.from(subscribe) }),
    );
    expect(connection.frames[0]?.event).toEqual({ name: "pusher:subscribe", channel: "private-x" });
    expect(connection.lines).toContain("pusher:subscribe private-x");
    expect(connection.lines).not.toContain("5ig");
  });

  it("are inflated where that was agreed on, over messages where the window is kept", () => {
    const connection = ObservedConnection.open("Sec-WebSocket-Extensions: permessage-deflate");
    connection.passHex("server", "c1 07 f2 48 cd c9 c9 07 00");
    connection.passHex("server", "c1 05 f2 00 11 00 00");
    expect(connection.frames).toMatchObject([
      { preview: '"Hello"', message: { wireBytes: 7, plainBytes: 5 } },
      { preview: '"Hello"', message: { wireBytes: 5, plainBytes: 5 } },
    ]);
  });

  it("that inflate to more than the bound are told without their plain size, and are no fault", () => {
    const connection = ObservedConnection.open("Sec-WebSocket-Extensions: permessage-deflate");
    const flushed = deflateRawSync(Buffer.alloc(8_000_000), { finishFlush: constants.Z_SYNC_FLUSH });
    const payload = flushed.subarray(0, -4);
    connection.pass("server", buildPeerFrame("client", { fin: true, rsv: 4, opcode: 2, payload }));
    connection.passHex("server", "c1 05 f2 00 11 00 00");
    expect(connection.frames[0]?.message).toMatchObject({ wireBytes: payload.length, isCompressed: true });
    expect(connection.lines).toContain("→ not inflated");
    expect(connection.findingNames).toEqual([]);
  });

  it("larger than what is kept are told as soon as their start is there", () => {
    const connection = ObservedConnection.open();
    connection.pass("server", Buffer.from("827f0000000040000000", "hex"));
    connection.pass("server", Buffer.alloc(262_144));
    expect(connection.frames).toMatchObject([{ opcode: "binary", payloadBytes: 1_073_741_824 }]);
    expect(connection.lines).toContain("1.1 GB");
  });

  it("show no payload where that was asked for", () => {
    const connection = new ObservedConnection("hidden");
    connection.pass("client", upgradeRequest);
    connection.pass("server", switchProtocols());
    connection.passHex("server", hello);
    expect(connection.lines).not.toContain("Hello");
    expect(connection.frames[0]?.payloadBytes).toBe(5);
  });
});

describe("what is wrong with frames", () => {
  const cases: readonly [name: string, from: "client" | "server", hex: string][] = [
    ["frame-unmasked-from-client", "client", hello],
    ["frame-masked-from-server", "server", maskedHello],
    ["frame-rsv1-without-deflate", "server", "c1 05 48 65 6c 6c 6f"],
    ["frame-rsv2-rsv3-set", "server", "a1 00"],
    ["frame-opcode-reserved", "server", "83 00"],
    ["frame-control-fragmented", "server", "09 00"],
    ["frame-control-too-long", "server", "89 7e 00 7e"],
    ["frame-continuation-unexpected", "server", "80 00"],
    ["frame-continuation-expected", "server", "01 01 61 81 01 61"],
    ["frame-length-not-minimal", "server", "81 7e 00 01 61"],
    ["frame-length-msb-set", "server", "81 7f 80"],
    ["message-invalid-utf8", "server", "81 01 ff"],
    ["close-payload-one-byte", "server", "88 01 03"],
    ["close-code-reserved-on-wire", "server", "88 02 03 ee"],
    ["close-reason-invalid-utf8", "server", "88 03 03 e8 ff"],
    ["http-response-after-101", "server", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n").toString("hex")],
    ["stream-not-websocket", "client", Buffer.from('{"event":"x"}').toString("hex")],
    ["data-after-close", "server", `88 02 03 e8 ${hello}`],
  ];
  it.each(cases)("%s is marked where it happens", (name, from, hex) => {
    const connection = ObservedConnection.open();
    connection.passHex(from, name === "frame-control-too-long" ? `${hex} ${"00".repeat(126)}` : hex);
    expect(connection.findingNames).toEqual([name]);
  });

  it("is explained once and only named when it comes again", () => {
    const connection = ObservedConnection.open();
    connection.passHex("client", hello + hello);
    expect(connection.findings.map(({ isRepeated }) => isRepeated)).toEqual([false, true]);
    expect(connection.lines).toContain(
      "! frame-unmasked-from-client  client; RFC 6455 §5.1: The client sent a text frame without a mask.",
    );
    expect(connection.lines).toContain("! frame-unmasked-from-client again\n");
  });

  it("shows a predictable masking key, and says so at the third frame", () => {
    const connection = ObservedConnection.open();
    for (let frame = 0; frame < 3; frame += 1) connection.passHex("client", "81 80 32 35 38 45");
    expect(connection.frames.map(({ predictableKey }) => predictableKey)).toEqual([
      "32353845",
      "32353845",
      "32353845",
    ]);
    expect(connection.findingNames).toEqual(["frame-mask-key-predictable"]);
    expect(connection.lines).toContain("key 32353845");
  });

  it("shows no masking key that may be random", () => {
    const connection = ObservedConnection.open();
    connection.passHex("client", maskedHello);
    expect(connection.frames[0]).not.toHaveProperty("predictableKey");
  });

  it("names a frame that the end of the stream cuts off", () => {
    const connection = ObservedConnection.open();
    connection.passHex("server", "81 05 48 65");
    const { verdict } = connection.end("server");
    expect(connection.findingNames).toEqual(["stream-truncated-frame"]);
    expect(verdict).toMatchObject({ endedBy: "server", failure: "stream-truncated-frame" });
  });

  it("reads no frames behind a payload that was longer than its length", () => {
    const connection = ObservedConnection.open();
    connection.passHex("server", "81 02 48 65 6c 6c 6f");
    connection.passHex("server", hello);
    expect(connection.findingNames).toEqual(["frame-rsv2-rsv3-set"]);
    expect(connection.frames).toHaveLength(1);
    expect(connection.lines).toContain("cannot be read as frames from here on");
  });
});

describe("pings", () => {
  it("give the round trip to the side that answers", () => {
    const connection = ObservedConnection.open();
    connection.passHex("server", "89 01 61");
    connection.nowMs = 25;
    connection.passHex("client", "8a 81 00 00 00 00 61");
    expect(connection.frames[1]?.rttMs).toBe(25);
    expect(connection.lines).toContain("answers after 25.0 ms");
    expect(connection.end("client").roundTrips.client).toEqual({
      count: 1,
      minMs: 25,
      averageMs: 25,
      maxMs: 25,
    });
  });

  it("answered with another payload are a mismatch", () => {
    const connection = ObservedConnection.open();
    connection.passHex("server", "89 01 61");
    connection.passHex("client", "8a 80 01 02 03 04");
    expect(connection.findingNames).toEqual(["pong-payload-mismatch"]);
  });

  it("that nobody answers are named at the third, once", () => {
    const connection = ObservedConnection.open();
    connection.passHex("server", "89 00 89 00 89 00 89 00");
    expect(connection.findingNames).toEqual(["ping-not-answered"]);
  });

  it("make an unasked pong no fault", () => {
    const connection = ObservedConnection.open();
    connection.passHex("server", "8a 00");
    expect(connection.findingNames).toEqual([]);
  });
});

describe("any bytes", () => {
  it("give the same lines however they are cut, and are not changed", () => {
    fc.assert(
      fc.property(peerFrames, fc.boolean(), fc.nat(), (frames, fromClient, seed) => {
        const from = fromClient ? "client" : "server";
        const receiver = fromClient ? "server" : "client";
        const bytes = Buffer.concat(frames.map((frame) => buildPeerFrame(receiver, frame)));
        const whole = ObservedConnection.open("Sec-WebSocket-Extensions: permessage-deflate");
        const cut = ObservedConnection.open("Sec-WebSocket-Extensions: permessage-deflate");
        const before = Buffer.from(bytes);
        whole.pass(from, bytes);
        for (const piece of cutRandomly(bytes, createRandom(seed), 1 + (seed % 40))) cut.pass(from, piece);
        whole.end(from);
        cut.end(from);
        expect(bytes.equals(before)).toBe(true);
        expect(cut.lines).toBe(whole.lines);
      }),
      { numRuns: 100 },
    );
  });

  it("never make it throw", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.uint8Array({ maxLength: 400 }),
        fc.boolean(),
        (a, b, open) => {
          const connection = open ? ObservedConnection.open() : new ObservedConnection();
          connection.pass("client", a);
          connection.pass("server", b);
          connection.end("client");
          expect(connection.lines).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
        },
      ),
      { numRuns: 300 },
    );
  });
});
