import { describe, expect, it } from "vitest";
import type { Topic } from "../distributed/cluster-transport.ts";
import { subjectOf } from "./nats-subjects.ts";

function channel(appId: string, name: string): Topic {
  return { kind: "channel", appId, channel: name };
}

describe("the subject of a topic", () => {
  it("is readable for control topics", () => {
    expect(subjectOf("antiphon", { kind: "control", name: "inbox-a1" })).toBe("antiphon.control.inbox-a1");
  });

  it.each([
    "a",
    "private-x",
    "a.b",
    "a *",
    ">",
    "*",
    "😀",
    "x".repeat(10_000),
    "#server-to-user-1",
    "a\r\nPUB b",
  ])("has four or three tokens without wildcards for the channel %.20j", (name) => {
    const subject = subjectOf("p", channel("app 1", name));
    expect(subject).toMatch(/^p\.(?:channel\.[\w-]+\.[\w-]+|long\.[\w-]{43})$/);
    expect(subject.length).toBeLessThan(1100);
  });

  it("differs wherever the app or the channel differs, also where names are long", () => {
    const long = "x".repeat(5000);
    const topics = [
      channel("a", "b"),
      channel("ab", "b"),
      channel("a", "bb"),
      channel("a", long),
      channel("b", long),
      channel("a", `${long}x`),
      channel(long, "a"),
    ];
    expect(new Set(topics.map((topic) => subjectOf("p", topic))).size).toBe(topics.length);
  });
});
