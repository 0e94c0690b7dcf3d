import { describe, expect, it } from "vitest";
import { identifyWebhooks } from "./webhook-identity.ts";

const one = { url: "https://example.com/1" };
const two = { url: "https://example.com/2" };
const filtered = { ...one, filter: { channelNameStartsWith: "a" } };

describe("the identity of a webhook", () => {
  it("is that of its URL and filter, wherever it stands in the list", () => {
    const [first, second, third] = identifyWebhooks([one, two, filtered]);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(identifyWebhooks([filtered, two, one])).toEqual([third, second, first]);
    expect(first).toMatch(/^[0-9a-f]{16}$/);
  });

  it("does not depend on headers, types or an empty filter", () => {
    const other = { ...one, filter: {}, headers: { a: "b" }, eventTypes: ["cache_miss"] };
    expect(identifyWebhooks([other])).toEqual(identifyWebhooks([one]));
  });

  it("is another for each of several with the same URL and filter", () => {
    const [first, second] = identifyWebhooks([one, one]);
    expect(first).not.toBe(second);
    expect([first]).toEqual(identifyWebhooks([one]));
  });

  it("stays the same over versions: what is stored is found under it", () => {
    expect(identifyWebhooks([one])).toEqual(["60fd97c2105e24bb"]);
  });
});
