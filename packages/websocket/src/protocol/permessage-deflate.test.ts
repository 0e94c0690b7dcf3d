import { describe, expect, it } from "vitest";
import { createRandom } from "../../../../test/support/protocol-driver.ts";
import {
  incomingDirection,
  type NegotiatedDeflate,
  outgoingDirection,
  slideWindow,
} from "./permessage-deflate.ts";

const negotiated: NegotiatedDeflate = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 9,
  clientMaxWindowBits: 12,
};

describe("the two directions of one agreement (RFC 7692 §7.1)", () => {
  const fromServer = { windowBits: 9, contextTakeover: false };
  const fromClient = { windowBits: 12, contextTakeover: true };

  it("are the server's parameters for what the server sends, and the client's for what the client sends", () => {
    expect(outgoingDirection(negotiated, "server")).toEqual(fromServer);
    expect(incomingDirection(negotiated, "client")).toEqual(fromServer);
    expect(outgoingDirection(negotiated, "client")).toEqual(fromClient);
    expect(incomingDirection(negotiated, "server")).toEqual(fromClient);
  });
});

describe("the window that messages may refer back to", () => {
  it("is the last 2^bits bytes of all messages, however they were cut", () => {
    const random = createRandom(9);
    const all: number[] = [];
    let window: Uint8Array | undefined;
    for (let i = 0; i < 60; i += 1) {
      const message = Uint8Array.from({ length: Math.floor(random() * 300) }, () =>
        Math.floor(random() * 256),
      );
      all.push(...message);
      window = slideWindow(window, message, 8);
      expect(window).toEqual(Uint8Array.from(all.slice(-256)));
    }
  });

  it("is memory of its own, no larger than the window", () => {
    const message = Buffer.alloc(1000, 7);
    const window = slideWindow(undefined, message, 9);
    message.fill(0);
    expect(window).toEqual(new Uint8Array(512).fill(7));
    expect(window.buffer.byteLength).toBe(512);
  });

  it("stays as it is for an empty message", () => {
    const window = slideWindow(undefined, Uint8Array.of(1, 2), 8);
    expect(slideWindow(window, new Uint8Array(0), 8)).toBe(window);
  });
});
