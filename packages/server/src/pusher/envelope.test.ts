import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMessage, readDataObject } from "./envelope.ts";

function failureName(text: string): string | undefined {
  const parsed = parseMessage(text);
  return parsed.ok ? undefined : parsed.failure.name;
}

describe("message envelope", () => {
  it("reads event, channel and data as they were sent", () => {
    expect(parseMessage('{"event":"client-x","channel":"private-a","data":[1]}')).toEqual({
      ok: true,
      message: { event: "client-x", channel: "private-a", data: [1] },
    });
  });

  it.each([
    ["{", "message-not-json"],
    ["", "message-not-json"],
    ["null", "message-not-object"],
    ["[]", "message-not-object"],
    ['"pusher:ping"', "message-not-object"],
    ["{}", "message-event-missing"],
    ['{"event":null}', "message-event-missing"],
    ['{"event":1}', "message-event-missing"],
    [`${"[".repeat(8000)}${"]".repeat(8000)}`, "message-too-deep"],
  ])("names what is wrong with %.30s", (text, name) => {
    expect(failureName(text)).toBe(name);
  });

  it("never throws, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(typeof parseMessage(text).ok).toBe("boolean");
      }),
      { numRuns: 500 },
    );
  });
});

describe("data of pusher: messages", () => {
  it("is an object, or the JSON text of one, decoded once", () => {
    expect(readDataObject({ channel: "a" })).toEqual({ channel: "a" });
    expect(readDataObject('{"channel":"a"}')).toEqual({ channel: "a" });
    expect(readDataObject('"{\\"channel\\":\\"a\\"}"')).toBeUndefined();
  });

  it("counts as empty when it is missing", () => {
    expect(readDataObject(undefined)).toEqual({});
    expect(readDataObject(null)).toEqual({});
  });

  it.each([[1], [true], [[]], ["x"], ["[]"]])("is refused as %j", (data) => {
    expect(readDataObject(data)).toBeUndefined();
  });
});
