import { describe, expect, it } from "vitest";
import { MessageBuffer } from "./message-buffer.ts";
import { nodePrimitives } from "../node/primitives.ts";

/** Primitives that note how much memory was asked for. */
function watchAllocations(): { readonly sizes: number[]; readonly primitives: typeof nodePrimitives } {
  const sizes: number[] = [];
  const allocate = (bytes: number): Uint8Array => {
    sizes.push(bytes);
    return new Uint8Array(bytes);
  };
  return { sizes, primitives: { ...nodePrimitives, allocate } };
}

describe("the buffer of a message in pieces", () => {
  it("joins pieces into memory of its own", () => {
    const buffer = new MessageBuffer(nodePrimitives, 2);
    const source = Buffer.from("-Hello, world-");
    buffer.append(source, 1, 6, 12);
    buffer.append(source, 6, 13, 12);
    source.fill(0);
    expect(Buffer.from(buffer.view()).toString()).toBe("Hello, world");
    expect(buffer.length).toBe(12);
  });

  it("at most doubles, and never sets aside more than the message will have", () => {
    const { sizes, primitives } = watchAllocations();
    const buffer = new MessageBuffer(primitives, 100);
    const piece = new Uint8Array(100);
    for (let i = 0; i < 10; i += 1) buffer.append(piece, 0, 100, 1000);
    expect(sizes).toEqual([100, 200, 400, 800, 1000]);
  });

  it("grows with what was received, not with what was announced", () => {
    const { sizes, primitives } = watchAllocations();
    const buffer = new MessageBuffer(primitives, 10);
    buffer.append(new Uint8Array(11), 0, 11, 2 ** 40);
    expect(sizes).toEqual([10, 20]);
  });
});
