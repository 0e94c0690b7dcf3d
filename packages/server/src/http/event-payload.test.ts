import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testApp } from "../pusher/app.test.harness.ts";
import { readBatch, readEvent } from "./event-payload.ts";
import { parseJsonBody } from "./json-body.ts";

const app = testApp();
const good = { name: "foo", channel: "a", data: "{}" };

function refusalOf(body: Record<string, unknown>, limits = app) {
  const event = readEvent(body, limits);
  return event.ok ? "accepted" : `${event.failure.httpStatus} ${event.failure.message}`;
}

function dataOf(data: unknown) {
  const event = readEvent({ ...good, data }, app);
  return event.ok ? event.value.data : undefined;
}

function batchRefusalOf(body: Record<string, unknown>, limits = app) {
  const batch = readBatch(body, limits);
  return batch.ok ? "accepted" : `${batch.failure.httpStatus} ${batch.failure.message}`;
}

describe("an event", () => {
  it("goes to the channels of both fields, each once", () => {
    expect(readEvent({ name: "foo", channels: ["a", "b", "a"], channel: "c", data: "x" }, app)).toEqual({
      ok: true,
      value: { name: "foo", channels: ["a", "b", "c"], data: "x" },
    });
    expect(readEvent({ ...good, channels: ["a"] }, app)).toMatchObject({ value: { channels: ["a"] } });
  });

  it("may have empty data, a socket id and an info list", () => {
    expect(readEvent({ ...good, data: "", socket_id: "1.2", info: "user_count, other" }, app)).toEqual({
      ok: true,
      value: { name: "foo", channels: ["a"], data: "", exceptSocketId: "1.2", info: ["user_count"] },
    });
  });

  it("may say null for what it does not give", () => {
    expect(refusalOf({ ...good, socket_id: null, info: null, channels: null })).toBe("accepted");
  });

  it("delivers data that is no string as its JSON text", () => {
    expect([{ b: [1] }, [], 1, null, false].map(dataOf)).toEqual(['{"b":[1]}', "[]", "1", "null", "false"]);
  });

  it("may address a user, whose id holds any character", () => {
    expect(refusalOf({ ...good, channel: "#server-to-user-ann@example.com/é" })).toBe("accepted");
  });

  for (const [body, refusal] of [
    [{ channel: "a", data: "" }, "400 The field name is missing."],
    [{ ...good, name: 7 }, "400 The field name is a number, not a string."],
    [{ ...good, name: "" }, "400 The field name is empty."],
    [{ ...good, name: "x".repeat(201) }, "400 The field name has 201 characters; 200 are allowed."],
    [
      { ...good, name: "pusher:error" },
      "400 The field name starts with pusher:, which only the server may use.",
    ],
    [
      { ...good, name: "pusher_internal:x" },
      "400 The field name starts with pusher_internal:, which only the server may use.",
    ],
    [{ name: "foo", data: "" }, "400 The field channel is missing."],
    [{ ...good, channels: "a" }, "400 The field channels is a string, not an array of channel names."],
    [{ ...good, channels: [] }, "400 The field channels is empty."],
    [
      { ...good, channels: Array.from({ length: 101 }, () => "a") },
      "400 The field channels names 101 channels; 100 are allowed in one event.",
    ],
    [
      { ...good, channels: ["a", "b c"] },
      '400 The channel name "b c" in channels[1] holds the character " " at position 1.',
    ],
    [{ ...good, channels: ["a"], channel: "" }, '400 The channel name "" in channel is empty.'],
    [{ ...good, channels: [null] }, "400 The field channels[0] is null, not a channel name."],
    [
      { ...good, channel: "#secret" },
      '400 The channel name "#secret" in channel holds the character "#" at position 0.',
    ],
    [{ name: "foo", channel: "a" }, "400 The field data is missing."],
    [{ ...good, data: "é".repeat(5121) }, "413 The field data has 10242 bytes; 10240 are allowed."],
    [{ ...good, socket_id: "1" }, "400 The field socket_id is not a socket id such as 1234.5678."],
    [{ ...good, socket_id: 1.5 }, "400 The field socket_id is a number, not a string."],
    [{ ...good, info: ["user_count"] }, "400 The field info is an array, not a string."],
  ] as const) {
    it(`is refused: ${refusal}`, () => {
      expect(refusalOf(body)).toBe(refusal);
    });
  }

  it("may fill the limits exactly", () => {
    const channels = Array.from(
      { length: 100 },
      (_, index) => `${"c".repeat(197)}${String(index).padStart(3, "0")}`,
    );
    const body = { name: "n".repeat(200), channels, data: "é".repeat(5120) };
    expect(refusalOf(body)).toBe("accepted");
  });

  it("may have a reserved name where the app allows it", () => {
    const lenient = testApp({ events: { allowReservedNames: true } });
    expect(refusalOf({ ...good, name: "pusher:error" }, lenient)).toBe("accepted");
  });

  it("is refused when its data nests deeper than it could be written again", () => {
    const depth = 50_000;
    const parsed = parseJsonBody(
      Buffer.from(`{"name":"foo","channel":"a","data":${"[".repeat(depth)}${"]".repeat(depth)}}`),
    );
    expect(parsed.ok && refusalOf(parsed.value)).toBe(
      "400 The field data nests objects and arrays too deep.",
    );
  });

  it("is accepted or refused, whatever JSON it is, and never throws", () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            name: fc.oneof(fc.string(), fc.jsonValue()),
            channel: fc.oneof(fc.string(), fc.jsonValue()),
            channels: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
            data: fc.jsonValue(),
            socket_id: fc.jsonValue(),
            info: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
        (body) => {
          const event = readEvent(body, app);
          if (event.ok) expect(event.value.channels.length).toBeGreaterThan(0);
          else expect([400, 413]).toContain(event.failure.httpStatus);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a batch", () => {
  it("keeps its events in order", () => {
    const batch = [
      { ...good, data: "1" },
      { ...good, channel: "b", data: "2", info: "subscription_count" },
    ];
    expect(readBatch({ batch }, app)).toEqual({
      ok: true,
      value: [
        { name: "foo", channels: ["a"], data: "1" },
        { name: "foo", channels: ["b"], data: "2", info: ["subscription_count"] },
      ],
    });
  });

  for (const [body, refusal] of [
    [{}, "400 The field batch is missing."],
    [{ batch: {} }, "400 The field batch is an object, not an array of events."],
    [{ batch: [] }, "400 The batch holds 0 events; 1 to 10 are allowed."],
    [
      { batch: Array.from({ length: 11 }, () => good) },
      "400 The batch holds 11 events; 1 to 10 are allowed.",
    ],
    [{ batch: [good, "x"] }, "400 The field batch[1] is a string, not an object."],
    [{ batch: [good, { ...good, name: "" }] }, "400 The field batch[1].name is empty."],
    [{ batch: [{ name: "foo", channels: ["a"], data: "" }] }, "400 The field batch[0].channel is missing."],
    [
      { batch: [{ ...good, data: "x".repeat(10_241) }] },
      "413 The field batch[0].data has 10241 bytes; 10240 are allowed.",
    ],
  ] as const) {
    it(`is refused: ${refusal}`, () => {
      expect(batchRefusalOf(body)).toBe(refusal);
    });
  }
});

describe("a body", () => {
  for (const [text, refusal] of [
    ["", "The request has no body."],
    ["{", "The request body is not JSON"],
    ['{"a":x}', "The request body is not JSON"],
    ["[]", "The request body is JSON, but an array, not an object."],
    ["null", "The request body is JSON, but null, not an object."],
    ['"{}"', "The request body is JSON, but a string, not an object."],
  ] as const) {
    it(`is refused: ${JSON.stringify(text)}`, () => {
      const parsed = parseJsonBody(Buffer.from(text));
      expect(parsed.ok || parsed.failure.message).toContain(refusal);
      expect(parsed.ok || parsed.failure.httpStatus).toBe(400);
    });
  }

  it("is refused when it is not UTF-8, and quoted nowhere", () => {
    const parsed = parseJsonBody(Buffer.from([0x7b, 0xff, 0x7d]));
    expect(parsed.ok || parsed.failure.message).toBe("The request body is not valid UTF-8.");
    const secret = parseJsonBody(Buffer.from('{"password": hunter2}'));
    expect(JSON.stringify(secret)).not.toContain("hunter2");
  });
});
