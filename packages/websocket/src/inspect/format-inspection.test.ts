import { describe, expect, it } from "vitest";
import { fromHex } from "../frames/hex.test.harness.ts";
import { formatFrameInspection } from "./format-inspection.ts";
import type { InspectOptions } from "./frame-inspection.ts";
import { inspectFrames } from "./inspect-frames.ts";

function format(hex: string, options: InspectOptions): string[] {
  return formatFrameInspection(inspectFrames(fromHex(hex), options)).split("\n");
}

describe("an inspection as text", () => {
  it("shows every field that matters with its bytes", () => {
    expect(format("81 82 37fa213d 5f93", { sender: "client" })).toEqual([
      "frame 0, bytes 0 to 7: masked text frame",
      "     0  81                       fin              1  last frame of its message",
      "     0  81                       opcode           1  text",
      "     1  82                       mask             1  masked; a client must mask",
      "     1  82                       length           2  2 bytes",
      "     2  37 fa 21 3d              masking-key      37 fa 21 3d  key of this frame; byte i of the payload XOR byte i mod 4 of the key",
      '     6  5f 93                    payload          "hi"  unmasked',
      "",
      'message: text "hi" (frame 0)',
      "outcome: the server reads all of it",
    ]);
  });

  it("points at broken rules, stops where the receiver stops, and gives the likely cause", () => {
    const lines = format("81 82 37fa213d 5f9f 4452", { sender: "client" });
    expect(lines).toContain(
      "     8  44                       rsv1             1  marked as a compressed message  <- frame-rsv1-without-deflate",
    );
    expect(lines.at(-2)).toMatch(
      /^outcome: the server stops at byte 8 and closes with 1002: frame-rsv1-without-deflate\. /,
    );
    expect(lines.at(-1)).toMatch(/^hint: frame-payload-longer-than-length\. .*"heeo"/);
  });

  it.each([
    ["010161", "outcome: the client reads all of it and waits for the rest of a message"],
    ["8105", "outcome: the client waits for the rest of a frame"],
    ["8800", "outcome: the Close frame ends the connection without a code"],
    ["880503e8627965", 'outcome: the Close frame ends the connection with 1000 "bye"'],
  ])("tells how %s ends", (hex, line) => {
    expect(format(hex, { sender: "server" }).at(-1)).toBe(line);
  });

  it("marks frames that nobody reads, warnings, and frames left out", () => {
    expect(format("8800 8900", { sender: "server" })).toContain(
      "frame 1, bytes 2 to 3: unmasked ping frame (never read)",
    );
    const lines = format("8980aaaaaaaa".repeat(3), { sender: "client", maxFrames: 2 });
    expect(lines).toContain("6 more bytes are not described");
    const warned = format("8980aaaaaaaa".repeat(3), { sender: "client" });
    expect(warned.at(-1)).toMatch(/^warning: frame-mask-key-predictable\. /);
  });

  it("shortens long payloads", () => {
    const lines = format(`827e0100${"ff".repeat(256)}`, { sender: "server" });
    expect(lines.at(-2)).toMatch(/^message: binary (?:ff ){64}\.\.\. \(frame 0\)$/);
    for (const line of lines) expect(line.length).toBeLessThan(300);
  });
});
