import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeFrame } from "../frames/encode-frame.ts";
import { fromHex, nameThrown, toHex } from "../frames/hex.test.harness.ts";
import type { FrameInspection, InspectOptions } from "./frame-inspection.ts";
import { inspectFrames } from "./inspect-frames.ts";

const article = "81 82 37fa213d 5f9f 4452";

function inspect(hex: string, options: InspectOptions | "client" | "server"): FrameInspection {
  return inspectFrames(fromHex(hex), typeof options === "string" ? { sender: options } : options);
}

/** `frame.field: failure` for every broken rule. */
function faults({ frames }: FrameInspection): string[] {
  return frames.flatMap(({ index, fields }) =>
    fields.flatMap(({ name, failure }) => (failure ? [`${index}.${name}: ${failure.name}`] : [])),
  );
}

function hints({ hints }: FrameInspection): string[] {
  return hints.map(({ failure, start, end }) => `${failure.name} at ${start}-${end}`);
}

describe("a frame whose payload is longer than its length", () => {
  const inspection = inspect(article, "client");

  it("is read up to the declared length", () => {
    expect(inspection.messages).toEqual([{ type: "text", data: "he", compressed: false, frames: [0, 0] }]);
  });

  it("leaves bytes that are read as a header and break every rule of one", () => {
    expect(inspection.frames[1]).toMatchObject({ start: 8, end: 10, missingBytes: 82, isRead: true });
    expect(faults(inspection)).toEqual([
      "1.rsv1: frame-rsv1-without-deflate",
      "1.opcode: frame-opcode-reserved",
      "1.mask: frame-unmasked-from-client",
    ]);
    expect(inspection.frames[1]?.fields.find(({ name }) => name === "opcode")).toMatchObject({ value: 4 });
    expect(inspection.frames[1]?.fields.find(({ name }) => name === "length")).toMatchObject({ value: 82 });
  });

  it("ends the connection at the first of those bytes", () => {
    expect(inspection.outcome).toMatchObject({
      status: "failed",
      offset: 8,
      failure: { name: "frame-rsv1-without-deflate", closeCode: 1002 },
      unreadBytes: 1,
    });
  });

  it("is named as the likely cause, with what the payload would be", () => {
    expect(inspection.hints).toMatchObject([
      {
        failure: { name: "frame-payload-longer-than-length", certainty: "likely" },
        start: 8,
        end: 10,
        detail: 'read on with the same key, the payload is "heeo"',
      },
    ]);
  });

  it("is told from a length that counts characters", () => {
    const cut = inspect("8102 68c3a9 8900", "server");
    expect(cut.outcome).toMatchObject({ failure: { name: "message-invalid-utf8" } });
    expect(cut.hints).toMatchObject([
      { failure: { name: "frame-payload-longer-than-length" }, detail: '"hé" has 2 characters but 3 bytes' },
    ]);
    const whole = inspect("8104 e282ac 31 32 33 8900", "server");
    expect(whole.hints).toMatchObject([{ detail: '"€123" has 4 characters but 6 bytes' }]);
  });
});

describe("the fields of a frame (RFC 6455 §5.2)", () => {
  it("have their place, value and meaning", () => {
    const [frame] = inspect("81 82 37fa213d 5f93", "client").frames;
    const rows = frame?.fields.map(({ name, start, end, bits, hex, value }) => [
      name,
      start,
      end,
      bits,
      hex,
      value,
    ]);
    expect(rows).toEqual([
      ["fin", 0, 1, [0, 0], "81", true],
      ["rsv1", 0, 1, [1, 1], "81", false],
      ["rsv2", 0, 1, [2, 2], "81", false],
      ["rsv3", 0, 1, [3, 3], "81", false],
      ["opcode", 0, 1, [4, 7], "81", 1],
      ["mask", 1, 2, [0, 0], "82", true],
      ["length", 1, 2, [1, 7], "82", 2],
      ["masking-key", 2, 6, undefined, "37 fa 21 3d", "37 fa 21 3d"],
      ["payload", 6, 8, undefined, "5f 93", '"hi"'],
    ]);
    expect(frame?.summary).toBe("masked text frame");
  });

  it("show a 16-bit and a 64-bit length", () => {
    const short = inspect("82fe0100", "client").frames[0]?.fields.at(-1);
    expect(short).toMatchObject({ name: "extended-length", start: 2, end: 4, value: 256 });
    const long = inspect("827f0000000000010000", "server").frames[0]?.fields;
    expect(long).toContainEqual(
      expect.objectContaining({ name: "extended-length", start: 2, end: 10, value: 65_536 }),
    );
  });

  it("show code, reason and meaning of a Close frame", () => {
    const [frame] = inspect("88 0c 03e9 676f696e672061776179", "server").frames;
    expect(frame?.fields.slice(-2)).toMatchObject([
      { name: "close-code", start: 2, end: 4, value: 1001, meaning: expect.stringContaining("going away") },
      { name: "close-reason", start: 4, end: 14, value: '"going away"' },
    ]);
  });

  it.each([
    ["32353845", "258E"],
    ["00000000", "all zero"],
  ])("recognise the constant key %s", (key, words) => {
    const field = inspect(`8980${key}`, "client").frames[0]?.fields.find(
      ({ name }) => name === "masking-key",
    );
    expect(field?.meaning).toContain(words);
  });

  it("are as far as the bytes go", () => {
    const names = (hex: string): string[] | undefined =>
      inspect(hex, "client")
        .frames[0]?.fields.map(({ name }) => name)
        .slice(5);
    expect(names("81")).toEqual([]);
    expect(names("81fe01")).toEqual(["mask", "length", "extended-length"]);
    expect(names("818237fa")).toEqual(["mask", "length", "masking-key"]);
    expect(inspect("818237fa213d5f", "client").frames[0]).toMatchObject({
      missingBytes: 1,
      payload: fromHex("68"),
    });
  });

  it("are cut short in their display only", () => {
    const payload = "x".repeat(500);
    const bytes = encodeFrame({ role: "server", fin: true, opcode: 1, payload });
    const [frame] = inspectFrames(bytes, { sender: "server" }).frames;
    expect(frame?.payload).toHaveLength(500);
    expect(frame?.fields.at(-1)?.value).toBe(`"${"x".repeat(64)}"...`);
    expect(frame?.fields.at(-1)?.hex).toBe(`${"78 ".repeat(64)}...`);
  });
});

describe("what breaks a rule is shown at its field", () => {
  it.each([
    ["client", "8100", "0.mask: frame-unmasked-from-client"],
    ["server", "8a8000000000", "0.mask: frame-masked-from-server"],
    ["server", "c100", "0.rsv1: frame-rsv1-without-deflate"],
    ["server", "a100", "0.rsv2: frame-rsv2-rsv3-set"],
    ["server", "9100", "0.rsv3: frame-rsv2-rsv3-set"],
    ["server", "8300", "0.opcode: frame-opcode-reserved"],
    ["server", "0900", "0.fin: frame-control-fragmented"],
    ["server", "8000", "0.opcode: frame-continuation-unexpected"],
    ["server", "010161 8100", "1.opcode: frame-continuation-expected"],
    ["server", "897e0080", "0.length: frame-control-too-long"],
    ["server", "880103", "0.length: close-payload-one-byte"],
    ["server", "827e0005", "0.extended-length: frame-length-not-minimal"],
    ["server", "827f8000000000000000", "0.extended-length: frame-length-msb-set"],
    ["server", "827f0100000000000000", "0.extended-length: frame-length-unsupported"],
    ["server", "827f0000000000100001", "0.extended-length: message-too-large"],
    ["server", "880203ee", "0.close-code: close-code-reserved-on-wire"],
    ["server", "8802ffff", "0.close-code: close-code-out-of-range"],
    ["server", "8802e803", "0.close-code: close-code-byte-order"],
    ["server", "880431303030", "0.close-code: close-code-as-text"],
    ["server", "880303e8ff", "0.close-reason: close-reason-invalid-utf8"],
    ["server", "8102c328", "0.payload: message-invalid-utf8"],
  ] as const)("of a %s's %s: %s", (sender, hex, fault) => {
    const inspection = inspect(hex, sender);
    expect(faults(inspection)).toEqual([fault]);
    expect(inspection.outcome).toMatchObject({ status: "failed", failure: { name: fault.split(": ")[1] } });
  });

  it("in frames that no receiver reaches as well", () => {
    const inspection = inspect("8802e803 c100 880203ee", "server");
    expect(faults(inspection)).toEqual([
      "0.close-code: close-code-byte-order",
      "1.rsv1: frame-rsv1-without-deflate",
      "2.close-code: close-code-reserved-on-wire",
    ]);
    expect(inspection.frames.map(({ isRead }) => isRead)).toEqual([true, false, false]);
  });

  it("with the limits of the receiver", () => {
    const limits = { maxFrameBytes: 3, maxFragments: 2, accepts: ["text" as const] };
    const options = { sender: "server", limits } as const;
    expect(faults(inspect("8104", options))).toEqual(["0.length: frame-too-large"]);
    expect(faults(inspect("820161", options))).toEqual(["0.opcode: message-type-not-accepted"]);
    expect(faults(inspect("010161 000161 000161", options))).toEqual(["2.fin: message-too-many-fragments"]);
  });
});

describe("messages", () => {
  it("are put together from fragments with control frames between them", () => {
    const inspection = inspect("01026869 8900 800121", "server");
    expect(inspection.messages).toEqual([{ type: "text", data: "hi!", compressed: false, frames: [0, 2] }]);
    expect(inspection.outcome).toEqual({ status: "complete", isMessageOpen: false });
  });

  it("are inflated where compression was agreed on, with context takeover", () => {
    const inspection = inspect("c107f248cdc9c90700 c105f200110000", { sender: "server", deflate: true });
    expect(inspection.messages.map(({ data }) => data)).toEqual(["Hello", "Hello"]);
    expect(faults(inspection)).toEqual([]);
  });

  it("show what they inflate to even where compression was not agreed on", () => {
    const inspection = inspect("c107f248cdc9c90700", "server");
    expect(inspection.frames[0]?.fields.at(-1)?.meaning).toBe('compressed; inflates to "Hello"');
  });

  it("say what is missing", () => {
    expect(inspect("010161", "server").outcome).toEqual({ status: "complete", isMessageOpen: true });
    expect(inspect("8105686c", "server").outcome).toEqual({ status: "incomplete" });
    expect(inspect("", "server")).toMatchObject({ frames: [], outcome: { status: "complete" } });
  });

  it("end with a Close frame", () => {
    const inspection = inspect("880503e8627965 8100", "server");
    const outcome = { status: "closed", offset: 6, code: 1000, reason: "bye", unreadBytes: 2 };
    expect(inspection.outcome).toEqual(outcome);
    expect(hints(inspection)).toEqual(["data-after-close at 7-9"]);
    expect(inspect("8800", "server").outcome).toMatchObject({ status: "closed", code: undefined });
  });
});

describe("likely causes", () => {
  it.each([
    ["817e0500 48656c6c6f 8900", "frame-length-byte-order at 2-4"],
    ["827f0a00000000000000 00010203040506070809", "frame-length-byte-order at 2-10"],
    ["810a 48656c6c6f 8105776f726c64", "frame-payload-shorter-than-length at 7-14"],
    ["8107 48656c6c6f 8105776f726c64", "frame-payload-shorter-than-length at 7-14"],
    ["810b 48656c6c6f 8900", "frame-payload-shorter-than-length at 7-9"],
    ["810434325b5d", "application-protocol-mismatch at 0-6"],
    ["810a434f4e4e4543540a0a00", "application-protocol-mismatch at 0-12"],
    ["820a10080004 4d51545404 02", "application-protocol-mismatch at 0-12"],
  ])("of %s: %s", (hex, hint) => {
    expect(hints(inspect(hex, "server"))).toEqual([hint]);
  });

  it("are not found in frames that are right", () => {
    expect(hints(inspect("810548656c6c6f 8900 81fe", "server"))).toEqual([]);
    expect(hints(inspect("8105686c", "server"))).toEqual([]);
  });

  it("include a payload that was masked before it was compressed", () => {
    const masked = "c187 37fa213d f248cdc9c90700";
    expect(hints(inspect(masked, { sender: "client", deflate: true }))).toEqual([
      "deflate-masked-before-compressed at 6-13",
    ]);
  });

  it("come with the receiver's warnings", () => {
    const { warnings, outcome } = inspect("8980aaaaaaaa".repeat(3), "client");
    expect(warnings).toMatchObject([{ failure: { name: "frame-mask-key-predictable" }, start: 12, end: 18 }]);
    expect(outcome).toMatchObject({ status: "complete" });
    const compat = inspect("817e00026869", { sender: "server", strictness: "compat" });
    expect(compat.warnings).toMatchObject([{ failure: { name: "frame-length-not-minimal" } }]);
    expect(faults(compat)).toEqual([]);
  });
});

describe("other protocols", () => {
  it("are named at the start of a stream, and not taken apart as frames", () => {
    const http = inspect(Buffer.from("HTTP/1.1 400 Bad Request").toString("hex"), "server");
    expect(faults(http)).toEqual(["0.not-a-frame: http-response-after-101"]);
    expect(http.frames[0]?.fields[0]?.value).toBe('"HTTP/1.1 400 Bad Request"');
    expect(faults(inspect("7b22", "client"))).toEqual(["0.not-a-frame: stream-not-websocket"]);
  });

  it("keep a lone first byte undecided", () => {
    const inspection = inspect("53", "client");
    expect(faults(inspection)).toEqual([]);
    expect(inspection.outcome).toEqual({ status: "incomplete" });
  });

  it("are not looked for in the middle of one", () => {
    const inspection = inspect("7b22", { sender: "client", isStreamStart: false });
    expect(faults(inspection)).toContain("0.rsv2: frame-rsv2-rsv3-set");
  });
});

describe("any bytes", () => {
  const senders = fc.constantFrom("client" as const, "server" as const);
  const legalStarts = fc.constantFrom(0x01, 0x02, 0x00, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0xc1, 0x41);
  const noise = fc.uint8Array({ maxLength: 24 });
  /** Random bytes with a beginning that gets past the first rule. */
  const plausible = fc.tuple(legalStarts, noise).map(([first, rest]) => Uint8Array.of(first, ...rest));
  const streams = fc.array(fc.oneof(noise, plausible), { maxLength: 4 }).map((parts) => Buffer.concat(parts));

  it("never make it throw, are not changed, and lie in frames without a gap", () => {
    fc.assert(
      fc.property(senders, streams, fc.boolean(), (sender, bytes, deflate) => {
        const before = toHex(bytes);
        const { frames, skippedBytes } = inspectFrames(bytes, { sender, deflate });
        expect(toHex(bytes)).toBe(before);
        let at = 0;
        for (const { start, end, fields } of frames) {
          expect(start).toBe(at);
          at = end;
          for (const field of fields) {
            expect(field.start).toBeGreaterThanOrEqual(start);
            expect(field.end).toBeLessThanOrEqual(end);
          }
        }
        expect(at + skippedBytes).toBe(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  it("have the engine's failure at a field of the frame where it stops, and none before", () => {
    fc.assert(
      fc.property(senders, streams, fc.boolean(), (sender, bytes, deflate) => {
        const { frames, outcome } = inspectFrames(bytes, { sender, deflate });
        const stop =
          outcome.status === "failed" || outcome.status === "closed" ? outcome.offset : bytes.length;
        const faulty = frames.find(({ fields }) => fields.some(({ failure }) => failure));
        if (outcome.status !== "failed") {
          expect(faulty?.start ?? bytes.length).toBeGreaterThanOrEqual(stop);
          return;
        }
        expect(faulty?.start).toBeLessThanOrEqual(stop);
        expect(faulty?.end).toBeGreaterThan(stop);
        const names = faulty?.fields.flatMap(({ failure }) => (failure ? [failure.name] : []));
        expect(names).toContain(outcome.failure.name);
      }),
      { numRuns: 4000 },
    );
  });

  it("are described up to a number of frames", () => {
    const inspection = inspect("8900".repeat(5), { sender: "server", maxFrames: 3 });
    expect(inspection.frames).toHaveLength(3);
    expect(inspection.skippedBytes).toBe(4);
    expect(inspection.outcome).toMatchObject({ status: "complete" });
  });

  it("need a sender", () => {
    // @ts-expect-error the types refuse it as well
    expect(nameThrown(() => inspectFrames(fromHex("8900"), {}))).toBe("frame-role-missing");
  });
});
