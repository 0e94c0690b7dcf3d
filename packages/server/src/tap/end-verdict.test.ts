import { describe, expect, it } from "vitest";
import { ObservedConnection } from "./observed.test.harness.ts";

const maskedHello = "81 85 37 fa 21 3d 7f 9f 4d 51 58";

describe("the end of a connection with a Close frame", () => {
  it("is ordinary with 1000 that is answered", () => {
    const connection = ObservedConnection.open();
    connection.passHex("client", "88 85 00 00 00 00 03 e8 62 79 65");
    connection.passHex("server", "88 02 03 e8");
    const { verdict } = connection.end("server");
    expect(verdict).toEqual({
      endedBy: "client",
      how: "close-frame",
      certainty: "proved",
      message: 'The client closed with 1000 (normal) "bye"; the server answered with the same code.',
    });
  });

  it("with 1002 is put down to what the other side did wrong", () => {
    const connection = ObservedConnection.open();
    connection.passHex("client", "81 05 48 65 6c 6c 6f");
    connection.passHex("server", "88 02 03 ea");
    expect(connection.end("server").verdict).toMatchObject({
      endedBy: "server",
      failure: "frame-unmasked-from-client",
      message:
        "The server closed with 1002 (protocol error) because of frame-unmasked-from-client: The client sent a text frame without a mask. The client did not answer with a Close.",
      fix: expect.stringContaining("masked variant"),
    });
  });

  it("with 1011 that nothing explains sends the reader to the log of who closed", () => {
    const connection = ObservedConnection.open();
    connection.passHex("server", "88 02 03 f3");
    expect(connection.end("server").verdict).toMatchObject({
      failure: "close-internal-error",
      fix: "See the peer's log.",
    });
  });

  it("with a Pusher code says what the server said before, and what the client may do", () => {
    const connection = ObservedConnection.open();
    const error = '{"event":"pusher:error","data":{"code":4001,"message":"no app has this key"}}';
    connection.pass("server", `\x81${String.fromCharCode(error.length)}${error}`);
    connection.passHex("server", "88 02 0f a1");
    expect(connection.end("server").verdict).toMatchObject({
      failure: "close-application-code",
      message:
        'The server closed with 4001 (application code); the client did not answer with a Close. It said pusher:error 4001 "no app has this key" before.',
      fix: "Correct what the message names: clients must not reconnect unchanged after 4000–4099.",
    });
  });

  it("and a reset after it mentions both", () => {
    const connection = ObservedConnection.open();
    connection.passHex("server", "88 02 03 e8");
    expect(connection.end("client", "reset").verdict.message).toBe(
      "The server closed with 1000 (normal); the client did not answer with a Close and the client's side reset TCP.",
    );
  });
});

describe("the end of a connection without a Close frame", () => {
  it("right after a message of the other side is put down to code that ends the socket", () => {
    const connection = ObservedConnection.open();
    connection.nowMs = 500;
    connection.passHex("client", maskedHello);
    connection.nowMs = 520;
    const { verdict } = connection.end("server");
    expect(verdict).toMatchObject({
      endedBy: "server",
      how: "fin",
      failure: "close-without-frame",
      certainty: "likely",
    });
    expect(verdict.message).toContain("within 100 ms of the client's last bytes");
  });

  it("after a round silence names who is known to cut then", () => {
    const connection = ObservedConnection.open();
    connection.nowMs = 60_100;
    expect(connection.end("server").verdict).toMatchObject({
      failure: "close-without-frame",
      certainty: "likely",
      message:
        "The server ended TCP (FIN) without a Close frame after 60 s of silence, the limit of nginx's and AWS ALB's default: an idle timeout on the way is likely.",
      fix: expect.stringContaining("pings"),
    });
  });

  it("while a ping of the side that ends it waits is a heartbeat that was lost", () => {
    const connection = ObservedConnection.open();
    connection.nowMs = 10_000;
    connection.passHex("server", "89 00");
    connection.nowMs = 30_000;
    const { verdict } = connection.end("server");
    expect(verdict).toMatchObject({ failure: "heartbeat-timeout", certainty: "likely" });
    expect(connection.findingNames).toEqual(["ping-not-answered"]);
  });

  it("by a reset is a reset", () => {
    const connection = ObservedConnection.open();
    connection.nowMs = 2_000;
    expect(connection.end("server", "reset").verdict).toMatchObject({
      endedBy: "server",
      how: "reset",
      failure: "tcp-reset",
      message: "The server's side reset TCP (RST) without a Close frame.",
    });
  });

  it("by a reset right after the other side wrote into a long silence is a forgotten mapping", () => {
    const connection = ObservedConnection.open();
    connection.nowMs = 400_000;
    connection.passHex("server", "81 00");
    connection.nowMs = 400_010;
    expect(connection.end("client", "reset").verdict.message).toContain(
      "a NAT or firewall had likely forgotten",
    );
  });

  it("after a fault of the other side names the fault", () => {
    const connection = ObservedConnection.open();
    connection.passHex("client", "81 05 48 65 6c 6c 6f");
    expect(connection.end("server", "reset").verdict).toMatchObject({
      failure: "frame-unmasked-from-client",
      certainty: "likely",
    });
  });

  it("is the tap's when it is stopped before", () => {
    const connection = ObservedConnection.open();
    connection.observer.closed();
    expect(connection.events.at(-1)).toMatchObject({
      type: "end",
      verdict: { endedBy: "tap", how: "stopped" },
    });
  });
});

describe("the end of a connection without a handshake", () => {
  it("by a server that does not answer is named so", () => {
    const connection = new ObservedConnection();
    connection.pass(
      "client",
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    expect(connection.end("server").verdict).toMatchObject({
      endedBy: "server",
      failure: "response-closed-early",
    });
  });

  it("by a client that waits no longer tells how long it waited", () => {
    const connection = new ObservedConnection();
    connection.pass(
      "client",
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    connection.nowMs = 5_000;
    expect(connection.end("client").verdict).toMatchObject({
      endedBy: "client",
      failure: "response-timeout",
      certainty: "likely",
      message: "The client ended TCP (FIN) after it had waited 5000 ms for an answer to its handshake.",
    });
  });

  it("by a client that asked for nothing is no failure", () => {
    const connection = new ObservedConnection();
    expect(connection.end("client").verdict).not.toHaveProperty("failure");
  });
});
