import { describe, expect, it } from "vitest";
import { listValues } from "./list-values.ts";
import { maskCredentials } from "./mask-value.ts";

describe("what is shown of the settings", () => {
  it("hides passwords, also inside URLs, and leaves the addresses", () => {
    const settings = {
      redis: { url: "redis://user:word@redis.internal:6379/1", password: "word", host: "a" },
      nats: { servers: ["nats://user:word@nats-1:4222", "nats-2:4222"], token: "word" },
    };
    expect(Object.fromEntries([...listValues(settings)].map(({ name, shown }) => [name, shown]))).toEqual({
      "redis.url": "redis://(hidden)@redis.internal:6379/1",
      "redis.password": "(hidden)",
      "redis.host": "a",
      "nats.servers": ["nats://(hidden)@nats-1:4222", "nats-2:4222"],
      "nats.token": "(hidden)",
    });
  });

  it.each([
    ["redis://a:6379", "redis://a:6379"],
    ["rediss://:w@rd@a:6379/2", "rediss://(hidden)@a:6379/2"],
    ["token@a:4222", "(hidden)@a:4222"],
    ["w/o:rd@a", "(hidden)@a"],
  ])("of %s is %s", (text, shown) => {
    expect(maskCredentials(text)).toBe(shown);
  });
});
