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

  it("is readable for channels with names of the usual characters", () => {
    expect(subjectOf("antiphon", channel("1", "private-a_b=@,;"))).toBe("antiphon.channel.1.private-a_b=@,;");
    expect(subjectOf("antiphon", channel("1", "#server-to-user-7"))).toBe(
      "antiphon.channel.1.#server-to-user-7",
    );
    expect(subjectOf("antiphon", channel("a.b", "c.d"))).toBe("antiphon.channel.~YS5i.~Yy5k");
  });

  it.each([
    "",
    "a",
    "~a",
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
    expect(subject).toMatch(/^p\.(?:channel\.[^\s.*>]+\.[^\s.*>]+|long\.[\w-]{43})$/);
    expect(subject.length).toBeLessThan(1100);
  });

  it("differs wherever the app or the channel differs, also where names are long", () => {
    const long = "x".repeat(5000);
    const topics = [
      channel("a", "b"),
      channel("a", "a.b"),
      channel("a", subjectOf("", channel("", "a.b")).split(".").at(-1)!),
      channel("a.a", "b"),
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
