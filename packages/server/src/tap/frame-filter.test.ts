import { describe, expect, it } from "vitest";
import { parseFilters } from "./frame-filter.ts";
import type { FrameEvent } from "./tap-event.ts";

type Filtered = Pick<FrameEvent, "from" | "opcode" | "messageType" | "event">;

const subscribe: Filtered = {
  from: "client",
  opcode: "text",
  messageType: "text",
  event: { name: "pusher:subscribe" },
};
const fragment: Filtered = { from: "server", opcode: "continuation", messageType: "binary" };
const ping: Filtered = { from: "server", opcode: "ping", messageType: undefined };

function filterBy(...texts: string[]): string[] {
  const result = parseFilters(texts);
  if (!result.ok) throw new Error(result.problem);
  const { filter } = result;
  return Object.entries({ subscribe, fragment, ping }).flatMap(([name, frame]) =>
    filter(frame) ? [name] : [],
  );
}

describe("parseFilters", () => {
  it("lets everything through without a filter", () => {
    expect(filterBy()).toEqual(["subscribe", "fragment", "ping"]);
  });

  it("takes filters of one kind as alternatives, given together or one by one", () => {
    expect(filterBy("text,ping")).toEqual(["subscribe", "ping"]);
    expect(filterBy("text", "ping")).toEqual(["subscribe", "ping"]);
  });

  it("counts a continuation as what it continues", () => {
    expect(filterBy("binary")).toEqual(["fragment"]);
  });

  it("wants all kinds to match", () => {
    expect(filterBy("from=server", "ping")).toEqual(["ping"]);
    expect(filterBy("from=client", "ping")).toEqual([]);
  });

  it("finds events by name, and by the start of it", () => {
    expect(filterBy("event=pusher:subscribe")).toEqual(["subscribe"]);
    expect(filterBy("event=pusher:*")).toEqual(["subscribe"]);
    expect(filterBy("event=pusher:")).toEqual([]);
  });

  it.each(["", "from=proxy", "event=", "texts"])("refuses %j and says what there is", (text) => {
    const result = parseFilters([text]);
    expect(result).toMatchObject({
      ok: false,
      problem: expect.stringContaining("from=client or from=server"),
    });
  });
});
