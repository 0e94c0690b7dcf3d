/** Known frames with the key 37 fa 21 3d, byte for byte in both directions: built by the helpers, read by the decoder. */
import { describe, expect, it } from "vitest";
import { createClose, createPing } from "./control-frames.ts";
import { decodeFrame } from "./decode-frame.ts";
import { encodeFrame } from "./encode-frame.ts";
import type { FrameSide } from "./frame-side.ts";
import { fromHex, toHex } from "./hex.test.harness.ts";
import {
  createBinaryFrame,
  createMaskedBinaryFrame,
  createMaskedTextFrame,
  createTextFrame,
} from "./message-frames.ts";

const masking = { mask: fromHex("37fa213d"), unsafe: true } as const;
const server: FrameSide = { role: "server" };
const client: FrameSide = { role: "client", ...masking };
const deflatedHello = fromHex("f248cdc9c90700");

const vectors: readonly {
  readonly what: string;
  readonly sender: "client" | "server";
  readonly frame: Uint8Array;
  readonly hex: string;
  readonly payload: string | Uint8Array;
}[] = [
  {
    what: "text Hello",
    sender: "server",
    frame: createTextFrame("Hello"),
    hex: "81 05 48656c6c6f",
    payload: "Hello",
  },
  {
    what: "text Hello",
    sender: "client",
    frame: createMaskedTextFrame("Hello", masking),
    hex: "81 85 37fa213d 7f9f4d5158",
    payload: "Hello",
  },
  {
    what: "text hi",
    sender: "client",
    frame: createMaskedTextFrame("hi", masking),
    hex: "81 82 37fa213d 5f93",
    payload: "hi",
  },
  {
    what: "binary hi",
    sender: "client",
    frame: createMaskedBinaryFrame(Buffer.from("hi"), masking),
    hex: "82 82 37fa213d 5f93",
    payload: "hi",
  },
  { what: "ping hi", sender: "server", frame: createPing("hi", server), hex: "89 02 6869", payload: "hi" },
  {
    what: "ping hi",
    sender: "client",
    frame: createPing("hi", client),
    hex: "89 82 37fa213d 5f93",
    payload: "hi",
  },
  {
    what: "Close 1000",
    sender: "server",
    frame: createClose(1000, "", server),
    hex: "88 02 03e8",
    payload: fromHex("03e8"),
  },
  {
    what: "Close 1000",
    sender: "client",
    frame: createClose(1000, "", client),
    hex: "88 82 37fa213d 3412",
    payload: fromHex("03e8"),
  },
  {
    what: "Close 1001 with a reason",
    sender: "server",
    frame: createClose(1001, "going away", server),
    hex: "88 0c 03e9 676f696e672061776179",
    payload: fromHex("03e9676f696e672061776179"),
  },
  {
    what: "Close 1001 with a reason",
    sender: "client",
    frame: createClose(1001, "going away", client),
    hex: "88 8c 37fa213d 341346525e94461d568d4044",
    payload: fromHex("03e9676f696e672061776179"),
  },
  ...(
    [
      [1002, "3410"],
      [1007, "3415"],
      [1009, "340b"],
    ] as const
  ).map(([code, masked]) => ({
    what: `Close ${code}`,
    sender: "client" as const,
    frame: createClose(code, "", client),
    hex: `88 82 37fa213d ${masked}`,
    payload: Uint8Array.of(code >> 8, code & 255),
  })),
  {
    what: "Close 1012 restart",
    sender: "client",
    frame: createClose(1012, "restart", client),
    hex: "88 89 37fa213d 340e5358448e404f43",
    payload: fromHex("03f472657374617274"),
  },
  {
    what: "Close 4000",
    sender: "server",
    frame: createClose(4000, "", server),
    hex: "88 02 0fa0",
    payload: fromHex("0fa0"),
  },
  {
    what: "Close 4000",
    sender: "client",
    frame: createClose(4000, "", client),
    hex: "88 82 37fa213d 385a",
    payload: fromHex("0fa0"),
  },
  {
    what: "empty Close",
    sender: "server",
    frame: createClose(undefined, "", server),
    hex: "88 00",
    payload: "",
  },
  {
    what: "empty Close",
    sender: "client",
    frame: createClose(undefined, "", client),
    hex: "88 80 37fa213d",
    payload: "",
  },
  {
    what: "compressed Hello",
    sender: "server",
    frame: encodeFrame({ ...server, fin: true, rsv1: true, opcode: 1, payload: deflatedHello }),
    hex: "c1 07 f248cdc9c90700",
    payload: deflatedHello,
  },
  {
    what: "compressed Hello",
    sender: "client",
    frame: encodeFrame({ ...client, fin: true, rsv1: true, opcode: 1, payload: deflatedHello }),
    hex: "c1 87 37fa213d c5b2ecf4fefd21",
    payload: deflatedHello,
  },
];

describe("golden vectors (RFC 6455 §5.7, RFC 7692 §7.2.3)", () => {
  it.each(vectors)("a $sender's $what is $hex", ({ frame, hex }) => {
    expect(toHex(frame)).toBe(hex.replaceAll(" ", ""));
  });

  it.each(vectors)("a $sender's $what is read back from $hex", ({ sender, hex, payload }) => {
    const receiver = sender === "client" ? "server" : "client";
    const bytes = fromHex(hex);
    const decoded = decodeFrame(bytes, { role: receiver, deflate: true });
    if (decoded.status !== "frame") expect.unreachable(`it was ${decoded.status}`);
    expect(toHex(decoded.frame.payload)).toBe(Buffer.from(payload).toString("hex"));
    expect(decoded.consumed).toBe(bytes.length);
  });

  it.each([
    [0, "8200"],
    [125, "827d"],
    [126, "827e007e"],
    [65_535, "827effff"],
    [65_536, "827f0000000000010000"],
  ])("a binary frame of %i bytes starts with %s", (length, head) => {
    const frame = createBinaryFrame(new Uint8Array(length));
    expect(toHex(frame.subarray(0, head.length / 2))).toBe(head);
    expect(frame).toHaveLength(head.length / 2 + length);
  });
});
