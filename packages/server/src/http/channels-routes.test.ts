import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ResponseProfile } from "../apps/app.ts";
import { testApp } from "../pusher/app.test.harness.ts";
import { startApi, type TestApi } from "./http-api.test.harness.ts";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

async function restart(profile: ResponseProfile) {
  await api.stop();
  api = await startApi(testApp({ profile }));
}

async function answerTo(path: string, query: Record<string, string> = {}) {
  const { status, text } = await api.send("GET", path, undefined, query);
  return `${status} ${text}`;
}

function occupy() {
  api.hub.infos.set("presence-a", { occupied: true, subscriptionCount: 3, userCount: 2 });
  api.hub.infos.set("b", { occupied: true, subscriptionCount: 1 });
  api.hub.infos.set("__proto__", { occupied: true, subscriptionCount: 1 });
}

describe("GET /channels", () => {
  it("lists occupied channels with nothing but what was asked for", async () => {
    expect(await answerTo("/apps/3/channels")).toBe('200 {"channels":{}}');
    occupy();
    expect(await answerTo("/apps/3/channels")).toBe(
      '200 {"channels":{"presence-a":{},"b":{},"__proto__":{}}}',
    );
    expect(await answerTo("/apps/3/channels", { info: "subscription_count", filter_by_prefix: "b" })).toBe(
      '200 {"channels":{"b":{"subscription_count":1}}}',
    );
  });

  it("counts users only among presence channels", async () => {
    occupy();
    const query = { info: "user_count", filter_by_prefix: "presence-" };
    expect(await answerTo("/apps/3/channels", query)).toBe(
      '200 {"channels":{"presence-a":{"user_count":2}}}',
    );
    expect(await answerTo("/apps/3/channels", { info: "user_count" })).toMatch(
      /^400 .*only presence channels count users/,
    );
  });

  it("refuses attributes that do not exist, or only of one channel", async () => {
    expect(await answerTo("/apps/3/channels", { info: "cache" })).toMatch(/^400 /);
    expect(await answerTo("/apps/3/channels", { info: "colour" })).toMatch(/^400 .*\\"colour\\"/);
  });

  it("also tells soketi's clients occupied and subscription_count", async () => {
    await restart("soketi");
    api.hub.infos.set("b", { occupied: true, subscriptionCount: 1 });
    expect(await answerTo("/apps/3/channels")).toBe(
      '200 {"channels":{"b":{"subscription_count":1,"occupied":true}}}',
    );
  });

  it("accepts the signed examples of the Pusher documentation and of the Python SDK", async () => {
    const auth = "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0";
    for (const query of [
      `filter_by_prefix=presence-&info=user_count&${auth}&auth_signature=16819168891cb5dfd72b5c7a5d3d602605b26c6ba1930033b5e2eeeb65010291`,
      `${auth}&body_md5=d41d8cd98f00b204e9800998ecf8427e&auth_signature=5c3cd75022c4f62c35ad22f6a9cce366c860477a3b7092ca790ecfc17e6af302`,
    ]) {
      const response = await fetch(`${api.url}/apps/3/channels?${query}`);
      expect([response.status, await response.text()]).toEqual([200, '{"channels":{}}']);
    }
  });
});

describe("GET /channels/NAME", () => {
  it("answers 200 for a channel where nobody is", async () => {
    expect(await answerTo("/apps/3/channels/a")).toBe('200 {"occupied":false}');
    expect(await answerTo("/apps/3/channels/presence-x", { info: "user_count,subscription_count" })).toBe(
      '200 {"occupied":false,"user_count":0,"subscription_count":0}',
    );
  });

  it("takes info as PHP sends arrays and signs them", async () => {
    occupy();
    api.hub.infos.set("presence-foobar", { occupied: true, subscriptionCount: 3, userCount: 2 });
    const query =
      "info%5B0%5D=user_count&info%5B1%5D=subscription_count" +
      "&auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0" +
      "&auth_signature=377ee9260ea002a70c0d40cd887d55cb36db9f7f821297f5efacbcce66be356d";
    const response = await fetch(`${api.url}/apps/3/channels/presence-foobar?${query}`);
    expect(await response.text()).toBe('{"occupied":true,"user_count":2,"subscription_count":3}');
  });

  it("answers the cached event of a cache channel, or null", async () => {
    api.hub.cached.set("cache-a", { data: '{"x":1}', ttlSeconds: 60 });
    expect(await answerTo("/apps/3/channels/cache-a", { info: "cache" })).toBe(
      '200 {"occupied":false,"cache":{"data":"{\\"x\\":1}","ttl":60}}',
    );
    expect(await answerTo("/apps/3/channels/cache-b", { info: "cache" })).toBe(
      '200 {"occupied":false,"cache":null}',
    );
    expect(await answerTo("/apps/3/channels/a", { info: "cache" })).toMatch(/^400 /);
  });

  it("decodes the name in the path once, and judges it", async () => {
    const name = "a_-=@,.;Z9";
    api.hub.infos.set(name, { occupied: true, subscriptionCount: 1 });
    expect(await answerTo(`/apps/3/channels/${encodeURIComponent(name)}`)).toBe('200 {"occupied":true}');
    expect(await answerTo(`/apps/3/channels/${name}`)).toBe('200 {"occupied":true}');
    expect(await answerTo("/apps/3/channels/a%20b")).toMatch(/^400 .*holds the character/);
    expect(await answerTo(`/apps/3/channels/${"a".repeat(200)}`)).toMatch(/^200 /);
    expect(await answerTo(`/apps/3/channels/${"a".repeat(201)}`)).toMatch(/^400 .*has 201 characters/);
  });

  it("always tells soketi's clients the counts", async () => {
    await restart("soketi");
    occupy();
    expect(await answerTo("/apps/3/channels/presence-a")).toBe(
      '200 {"occupied":true,"user_count":2,"subscription_count":3}',
    );
    expect(await answerTo("/apps/3/channels/b")).toBe('200 {"occupied":true,"subscription_count":1}');
  });

  it("still has its deprecated stats", async () => {
    occupy();
    expect(await answerTo("/apps/3/channels/presence-a/stats")).toBe(
      '200 {"occupied":true,"user_count":2,"subscription_count":3}',
    );
  });
});

describe("GET /channels/NAME/users", () => {
  const members = [
    { userId: 7, userInfo: { name: "Ann" } },
    { userId: "8", userInfo: undefined },
  ];

  it("lists ids as strings, and what is known of the users on demand", async () => {
    api.hub.presence.set("presence-a", members);
    expect(await answerTo("/apps/3/channels/presence-a/users")).toBe('200 {"users":[{"id":"7"},{"id":"8"}]}');
    expect(await answerTo("/apps/3/channels/presence-a/users", { with_user_info: "1" })).toBe(
      '200 {"users":[{"id":"7","user_info":{"name":"Ann"}},{"id":"8","user_info":null}]}',
    );
  });

  it("is for presence channels only", async () => {
    expect(await answerTo("/apps/3/channels/private-a/users")).toMatch(
      /^400 .*Only presence channels have users/,
    );
  });

  it("is empty where nobody is, but 404 in the profile reverb", async () => {
    expect(await answerTo("/apps/3/channels/presence-x/users")).toBe('200 {"users":[]}');
    await restart("soketi");
    expect(await answerTo("/apps/3/channels/presence-x/users")).toBe('200 {"users":[]}');
    await restart("reverb");
    expect(await answerTo("/apps/3/channels/presence-x/users")).toMatch(/^404 /);
  });

  it("keeps numbers as they are for soketi and Reverb", async () => {
    for (const profile of ["soketi", "reverb"] as const) {
      await restart(profile);
      api.hub.presence.set("presence-a", members);
      expect(await answerTo("/apps/3/channels/presence-a/users")).toBe('200 {"users":[{"id":7},{"id":"8"}]}');
    }
  });
});

describe("GET /connections", () => {
  it("counts the app's connections", async () => {
    api.hub.connections = 12;
    expect(await answerTo("/apps/3/connections")).toBe('200 {"connections":12}');
  });
});
