import { afterEach, describe, expect, it } from "vitest";
import type { ResponseProfile } from "../apps/app.ts";
import { testApp } from "../pusher/app.test.harness.ts";
import { signTarget, startApi, type TestApi } from "./http-api.test.harness.ts";

let api: TestApi;
afterEach(() => api.stop());

const profiles = ["pusher", "soketi", "reverb"] as const;
const event = { name: "foo", channel: "a", data: "x" };

describe("POST /events", () => {
  it("accepts the signed example of the Pusher documentation, and passes data on byte for byte", async () => {
    api = await startApi();
    const body = '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}';
    const query =
      "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0" +
      "&body_md5=ec365a775a4cd0599faeb73354201b6f" +
      "&auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c";
    const response = await fetch(`${api.url}/apps/3/events?${query}`, { method: "POST", body });
    expect([response.status, await response.text()]).toEqual([200, "{}"]);
    expect(api.hub.published).toEqual([{ name: "foo", channel: "project-3", data: '{"some":"data"}' }]);
  });

  it("publishes to each channel in order, without the excluded connection", async () => {
    api = await startApi();
    const body = { name: "foo", channels: ["b", "a", "b"], data: "x", socket_id: "12.34" };
    await api.send("POST", "/apps/3/events", body);
    expect(api.hub.published).toEqual([
      { name: "foo", channel: "b", data: "x", exceptSocketId: "12.34" },
      { name: "foo", channel: "a", data: "x", exceptSocketId: "12.34" },
    ]);
  });

  it("answers the attributes that were asked for, also of channels where nobody is", async () => {
    api = await startApi();
    api.hub.infos.set("presence-a", { occupied: true, subscriptionCount: 5, userCount: 3 });
    const body = {
      name: "foo",
      channels: ["presence-a", "b", "__proto__"],
      data: "",
      info: "user_count,subscription_count,nonsense",
    };
    const answer = await api.send("POST", "/apps/3/events", body);
    expect(answer.text).toBe(
      '{"channels":{"presence-a":{"user_count":3,"subscription_count":5},' +
        '"b":{"subscription_count":0},"__proto__":{"subscription_count":0}}}',
    );
  });

  it("publishes nothing when one channel is bad", async () => {
    api = await startApi();
    const answer = await api.send("POST", "/apps/3/events", {
      name: "foo",
      channels: ["a", "b c"],
      data: "",
    });
    expect(answer.status).toBe(400);
    expect(api.hub.published).toEqual([]);
  });

  it("answers a body that is not JSON with 400, not 500", async () => {
    api = await startApi();
    for (const body of ["{", "[]", "nonsense", '"x"']) {
      expect((await api.send("POST", "/apps/3/events", body)).status).toBe(400);
    }
    expect((await api.send("POST", "/apps/3/events")).status).toBe(400);
  });

  it("answers too much data with 413", async () => {
    api = await startApi();
    const answer = await api.send("POST", "/apps/3/events", { ...event, data: "x".repeat(10_241) });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 413 });
  });
});

describe("POST /batch_events", () => {
  it("publishes all events in order", async () => {
    api = await startApi();
    const batch = [event, { ...event, channel: "b" }, { ...event, data: "y" }];
    expect((await api.send("POST", "/apps/3/batch_events", { batch })).text).toBe("{}");
    expect(api.hub.published.map(({ channel, data }) => `${channel} ${data}`)).toEqual(["a x", "b x", "a y"]);
  });

  it("publishes nothing when one event is bad", async () => {
    api = await startApi();
    const answer = await api.send("POST", "/apps/3/batch_events", { batch: [event, { ...event, name: "" }] });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("batch[1].name");
    expect(api.hub.published).toEqual([]);
  });

  it("answers as many entries as events, in their order, when one asked for info", async () => {
    api = await startApi();
    api.hub.infos.set("b", { occupied: true, subscriptionCount: 4 });
    const batch = [event, { ...event, channel: "b", info: "subscription_count" }];
    const answer = await api.send("POST", "/apps/3/batch_events", { batch });
    expect(answer.text).toBe('{"batch":[{},{"subscription_count":4}]}');
  });
});

describe("POST /channels/NAME/events", () => {
  it("publishes the raw body and answers 202", async () => {
    api = await startApi();
    const query = { name: "foo", socket_id: "1.2" };
    const answer = await api.send("POST", "/apps/3/channels/a/events", "not json", query);
    expect([answer.status, answer.text]).toEqual([202, "{}"]);
    expect(api.hub.published).toEqual([
      { name: "foo", channel: "a", data: "not json", exceptSocketId: "1.2" },
    ]);
    expect((await api.send("POST", "/apps/3/channels/a/events", "x")).status).toBe(400);
  });
});

describe("profiles", () => {
  const done: Record<ResponseProfile, readonly [string, string]> = {
    pusher: ["{}", "{}"],
    soketi: ['{"ok":true}', '{"ok":true}'],
    reverb: ["{}", '{"batch":{}}'],
  };
  for (const profile of profiles) {
    it(`${profile} is answered ${done[profile].join(" and ")}`, async () => {
      api = await startApi(testApp({ profile }));
      const one = await api.send("POST", "/apps/3/events", event);
      const batch = await api.send("POST", "/apps/3/batch_events", { batch: [event] });
      expect([one.text, batch.text]).toEqual(done[profile]);
    });
  }

  it("reverb answers 422 about a field, and names it as Laravel does", async () => {
    api = await startApi(testApp({ profile: "reverb" }));
    const answer = await api.send("POST", "/apps/3/events", { name: "foo", data: "" });
    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 422, channel: ["The field channel is missing."] });
    expect((await api.send("POST", "/apps/3/events", "{")).status).toBe(400);
    expect((await api.send("POST", "/apps/3/events", { ...event, data: "x".repeat(10_241) })).status).toBe(
      413,
    );
  });
});

describe("a signature", () => {
  it("of another body is refused", async () => {
    api = await startApi();
    const target = signTarget(api.app, "POST", "/apps/3/events", JSON.stringify(event));
    const body = JSON.stringify({ ...event, data: "forged" });
    const response = await fetch(api.url + target, { method: "POST", body });
    expect(response.status).toBe(401);
    expect(api.hub.published).toEqual([]);
  });

  it("made with the previous secret is accepted while the secret is rotated", async () => {
    api = await startApi(testApp({ previousSecret: "old" }));
    const body = JSON.stringify(event);
    const target = signTarget({ ...api.app, secret: "old" }, "POST", "/apps/3/events", body);
    expect((await fetch(api.url + target, { method: "POST", body })).status).toBe(200);
  });
});
