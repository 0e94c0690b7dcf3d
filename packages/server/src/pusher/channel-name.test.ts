import { describe, expect, it } from "vitest";
import { channelTypeOf, findChannelNameProblem, userOfChannel } from "./channel-name.ts";

describe("channel types", () => {
  it.each([
    ["private-encrypted-cache-x", "private-encrypted-cache"],
    ["private-encrypted-x", "private-encrypted"],
    ["private-cache-x", "private-cache"],
    ["presence-cache-x", "presence-cache"],
    ["cache-x", "cache"],
    ["presence-x", "presence"],
    ["private-x", "private"],
    ["#server-to-user-7", "server-to-user"],
    ["x", "public"],
    ["x-private-y", "public"],
    ["Private-x", "public"],
    ["private", "public"],
    ["encrypted-x", "public"],
  ])("%s is %s", (name, kind) => {
    expect(channelTypeOf(name).kind).toBe(kind);
  });

  it.each([
    ["private-encrypted-cache-x", { signed: true, presence: false, cached: true, clientEvents: false }],
    ["private-encrypted-x", { signed: true, presence: false, cached: false, clientEvents: false }],
    ["private-cache-x", { signed: true, presence: false, cached: true, clientEvents: true }],
    ["presence-cache-x", { signed: true, presence: true, cached: true, clientEvents: true }],
    ["cache-x", { signed: false, presence: false, cached: true, clientEvents: false }],
    ["presence-x", { signed: true, presence: true, cached: false, clientEvents: true }],
    ["private-x", { signed: true, presence: false, cached: false, clientEvents: true }],
    ["#server-to-user-7", { signed: false, presence: false, cached: false, clientEvents: false }],
    ["x", { signed: false, presence: false, cached: false, clientEvents: false }],
  ])("%s has the traits of its prefix", (name, traits) => {
    expect(channelTypeOf(name)).toMatchObject(traits);
  });
});

describe("channel name grammar", () => {
  it.each(["a", "A-Z", "0_9", "a=b", "a@b", "a,b", "a.b", "a;b", "private-App.Models.User.1", "-_=@,.;"])(
    "accepts %s",
    (name) => expect(findChannelNameProblem(name, 200)).toBeUndefined(),
  );

  it.each([
    ["", { kind: "empty" }],
    ["a b", { kind: "character", character: " ", position: 1 }],
    ["a:b", { kind: "character", character: ":", position: 1 }],
    ["a/b", { kind: "character", character: "/", position: 1 }],
    ["#x", { kind: "character", character: "#", position: 0 }],
    ["#server-to-user-", { kind: "character", character: "#", position: 0 }],
    ["aé", { kind: "character", character: "é", position: 1 }],
    ["a\n", { kind: "character", character: "\n", position: 1 }],
    ["😀", { kind: "character", character: "😀", position: 0 }],
  ])("names what is wrong with %j", (name, problem) => {
    expect(findChannelNameProblem(name, 200)).toEqual(problem);
  });

  it("accepts as many characters as the limit and not one more", () => {
    expect(findChannelNameProblem("x".repeat(200), 200)).toBeUndefined();
    expect(findChannelNameProblem("x".repeat(201), 200)).toEqual({
      kind: "too-long",
      length: 201,
      limit: 200,
    });
  });

  it("accepts any character in the user id of a server-to-user channel", () => {
    expect(findChannelNameProblem("#server-to-user-a b:c/é", 200)).toBeUndefined();
    expect(userOfChannel("#server-to-user-a b:c/é")).toBe("a b:c/é");
    expect(userOfChannel("private-#server-to-user-1")).toBeUndefined();
  });
});
