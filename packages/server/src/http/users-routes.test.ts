import { afterEach, describe, expect, it } from "vitest";
import { testApp } from "../pusher/app.test.harness.ts";
import { signTarget, startApi, type TestApi } from "./http-api.test.harness.ts";

let api: TestApi;
afterEach(() => api.stop());

describe("POST /users/ID/terminate_connections", () => {
  it("accepts the signed example of the Pusher documentation", async () => {
    api = await startApi();
    const query =
      "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0" +
      "&body_md5=99914b932bd37a50b983c5e7c90ae93b" +
      "&auth_signature=01fa634edeb0cae84115307cad5c23f65a46cd286461b1c89637a3b5871a8f0e";
    const url = `${api.url}/apps/3/users/12345/terminate_connections?${query}`;
    const response = await fetch(url, { method: "POST", body: "{}" });
    expect([response.status, await response.text()]).toEqual([200, "{}"]);
    expect(api.hub.terminated).toEqual(["12345"]);
  });

  it("needs no body, and decodes the user id once", async () => {
    api = await startApi(testApp({ profile: "soketi" }));
    const answer = await api.send("POST", "/apps/3/users/a%2Fb%2520c/terminate_connections");
    expect([answer.status, answer.text]).toEqual([200, '{"ok":true}']);
    expect(api.hub.terminated).toEqual(["a/b%20c"]);
  });

  it("accepts a signature over the decoded path, as the Node SDK makes it", async () => {
    api = await startApi();
    const target = signTarget(api.app, "POST", "/apps/3/users/a b/terminate_connections", "{}");
    const response = await fetch(api.url + target.replace("a b", "a%20b"), { method: "POST", body: "{}" });
    expect(response.status).toBe(200);
    expect(api.hub.terminated).toEqual(["a b"]);
  });

  it("refuses ids that no user can have", async () => {
    api = await startApi();
    const answer = await api.send("POST", `/apps/3/users/${"u".repeat(129)}/terminate_connections`, "{}");
    expect(answer.status).toBe(400);
    expect(api.hub.terminated).toEqual([]);
  });

  it("is served without the app id, as the Python SDK asks, for the app of auth_key", async () => {
    api = await startApi();
    expect((await api.send("POST", "/users/7/terminate_connections", "{}")).status).toBe(200);
    expect(api.hub.terminated).toEqual(["7"]);
    const forged = signTarget(
      { ...api.app, secret: "wrong" },
      "POST",
      "/users/8/terminate_connections",
      "{}",
    );
    expect((await fetch(api.url + forged, { method: "POST", body: "{}" })).status).toBe(401);
    const unknown = signTarget({ ...api.app, key: "nobody" }, "POST", "/users/8/terminate_connections", "{}");
    expect((await fetch(api.url + unknown, { method: "POST", body: "{}" })).status).toBe(404);
    expect(api.hub.terminated).toEqual(["7"]);
  });
});
