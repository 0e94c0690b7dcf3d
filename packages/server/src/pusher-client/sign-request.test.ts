import Pusher from "pusher";
import { describe, expect, it } from "vitest";
import { signRequest } from "./sign-request.ts";
import { signSubscription } from "./sign-subscription.ts";

const app = { appId: "1", key: "278d425bdf160c739803", secret: "7ad3773142a6692b25b8" };
const sdk = new Pusher({ ...app, host: "localhost" });

describe("a signed request", () => {
  it("is signed as the Pusher documentation's example", () => {
    const body = '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}';
    const target = signRequest({ method: "POST", path: "/apps/3/events", body }, app, 1_353_088_179_000);
    expect(target).toBe(
      "/apps/3/events?auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0" +
        "&body_md5=ec365a775a4cd0599faeb73354201b6f" +
        "&auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c",
    );
  });

  it("has no digest of a body that is not there", () => {
    expect(signRequest({ method: "GET", path: "/apps/3/channels", body: "" }, app, 0)).not.toContain(
      "body_md5",
    );
  });
});

describe("a signed subscription", () => {
  it("is the one that the Pusher SDK makes", () => {
    const { auth } = sdk.authorizeChannel("1.2", "private-a");
    expect(signSubscription(app, "1.2", "private-a", { userId: "u" })).toEqual({
      channel: "private-a",
      auth,
    });
    const member = { user_id: "u", user_info: { name: "Bob" } };
    const presence = sdk.authorizeChannel("1.2", "presence-a", member);
    expect(signSubscription(app, "1.2", "presence-a", { userId: "u", userInfo: { name: "Bob" } })).toEqual({
      channel: "presence-a",
      ...presence,
    });
  });

  it("has no signature where the channel needs none", () => {
    expect(signSubscription(app, "1.2", "news", { userId: "u" })).toEqual({ channel: "news" });
  });
});
