import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BusFrameReader, frameKinds, headerBytes, maxFrameBytes, writeHeader } from "./bus-frame.ts";

function frame(kind: number, payload: Uint8Array): Buffer {
  return writeHeader(Buffer.concat([Buffer.alloc(headerBytes), payload]), kind);
}

describe("frames of the bus", () => {
  it("come out as they went in, however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })), { maxLength: 12 }),
        fc.array(fc.nat(30), { maxLength: 40 }),
        (sent, cuts) => {
          const stream = Buffer.concat(sent.map(([kind, payload]) => frame(kind, payload)));
          const reader = new BusFrameReader();
          const received = [];
          let start = 0;
          for (const cut of [...cuts, stream.length]) {
            const chunk = stream.subarray(start, start + cut);
            start += chunk.length;
            if (chunk.length > 0) received.push(...(reader.read(chunk) ?? []));
          }
          expect(received.map(({ kind, payload }) => [kind, [...payload]])).toEqual(
            sent.map(([kind, payload]) => [kind, [...payload]]),
          );
          for (const { kind, payload, bytes } of received) expect(bytes).toEqual(frame(kind, payload));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("end the stream when one is longer than any sender makes", () => {
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32BE(maxFrameBytes, 0);
    header[4] = frameKinds.message;
    expect(new BusFrameReader().read(header)).toBeUndefined();
  });
});
