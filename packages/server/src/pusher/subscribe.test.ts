import { describe, expect, it } from "vitest";
import { signText } from "./digest.ts";
import { member, TestNode } from "./session.test.harness.ts";

const succeeded = (channel: string, data = "{}"): string =>
  `{"event":"pusher_internal:subscription_succeeded","channel":"${channel}","data":${JSON.stringify(data)}}`;

const error = (channel: string, type: string, text: string, status: number): string => {
  const data = JSON.stringify({ type, error: text, status });
  return `{"event":"pusher:subscription_error","channel":${JSON.stringify(channel)},"data":${JSON.stringify(data)}}`;
};

describe("subscribing", () => {
  it.each(["a", "cache-less", "-_=@,.;", "private-a", "private-encrypted-a"])("to %s succeeds", (channel) => {
    const node = new TestNode();
    expect(node.connect().subscribe(channel).take()[0]).toBe(succeeded(channel));
    expect(node.hub.channel(channel)).toEqual({ occupied: true, subscriptionCount: 1 });
    expect(node.takeOccurrences()[0]).toEqual({ name: "channel_occupied", channel });
  });

  it("takes data as a JSON string as well, and ignores auth on public channels", () => {
    const client = new TestNode().connect();
    client.send({ event: "pusher:subscribe", data: '{"channel":"a","auth":"nonsense","channel_data":7}' });
    expect(client.take()).toEqual([succeeded("a")]);
  });

  it("takes channel_data null as absent, as pusher-js sends it", () => {
    const client = new TestNode().connect();
    const auth = client.authFor("1.1:private-a");
    client.send({ event: "pusher:subscribe", data: { channel: "private-a", auth, channel_data: null } });
    expect(client.take()).toEqual([succeeded("private-a")]);
  });

  it("twice joins once and answers again", () => {
    const node = new TestNode();
    const client = node.connect().subscribe("a").subscribe("a");
    expect(client.take()).toEqual([succeeded("a"), succeeded("a")]);
    expect(node.takeOccurrences()).toEqual([{ name: "channel_occupied", channel: "a" }]);
    node.hub.publish({ name: "e", channel: "a", data: "d" });
    expect(client.take()).toEqual(['{"event":"e","channel":"a","data":"d"}']);
    expect(node.hub.channel("a").subscriptionCount).toBe(1);
    client.unsubscribe("a");
    expect(node.hub.channel("a").occupied).toBe(false);
  });

  it("to names that are not legal is refused", () => {
    const client = new TestNode({ channels: { maxNameLength: 5 } }).connect();
    expect(client.subscribe("a:b").take()).toEqual([
      error(
        "a:b",
        "InvalidChannel",
        'The channel name has the character ":" at position 1, which is not allowed.',
        400,
      ),
    ]);
    expect(client.subscribe("abcdef").take()).toEqual([
      error("abcdef", "InvalidChannel", "The channel name has 6 characters; 5 are allowed.", 400),
    ]);
  });

  it("to a name that is too long is LimitReached 4009 in profile soketi", () => {
    const client = new TestNode({ profile: "soketi", channels: { maxNameLength: 5 } }).connect();
    expect(client.subscribe("abcdef").take()).toEqual([
      error("abcdef", "LimitReached", "The channel name has 6 characters; 5 are allowed.", 4009),
    ]);
  });

  it("to more channels than allowed is refused", () => {
    const client = new TestNode({ channels: { maxPerConnection: 1 } }).connect();
    client.subscribe("a").take();
    expect(client.subscribe("b").take()).toEqual([
      error("b", "LimitReached", "This connection is already in 1 channels, as many as are allowed.", 4100),
    ]);
  });

  it("while the node drains ends the connection with 4200", () => {
    const node = new TestNode();
    const client = node.connect();
    node.draining = true;
    expect(client.subscribe("a").take()).toEqual([
      '{"event":"pusher:error","data":{"code":4200,"message":"This server is shutting down."}}',
    ]);
    expect(client.closedWith).toEqual([4200, "This server is shutting down."]);
  });
});

describe("authorisation", () => {
  const kinds = [
    "private-encrypted-cache-a",
    "private-encrypted-a",
    "private-cache-a",
    "private-a",
    "presence-cache-a",
    "presence-a",
  ];

  it.each(kinds)("%s is refused without, with a wrong and with a foreign signature", (channel) => {
    const node = new TestNode();
    const client = node.connect();
    const key = node.hub.app.key;
    const subscribe = (auth: unknown): string[] =>
      client.send({ event: "pusher:subscribe", data: { channel, auth, channel_data: member(1) } }).take();
    expect(subscribe("")).toEqual([
      error(channel, "AuthError", `Missing auth: ${channel} needs a signature and none was sent.`, 401),
    ]);
    expect(subscribe(`other:${"0".repeat(64)}`)).toEqual([
      error(
        channel,
        "AuthError",
        `Key mismatch: auth was made with the key "other", which is not this app's.`,
        401,
      ),
    ]);
    expect(subscribe(`${key}:${"0".repeat(64)}`)).toEqual([
      error(
        channel,
        "AuthError",
        "Invalid signature: no known mistake explains it, so the secret differs, or another text was signed.",
        401,
      ),
    ]);
    expect(subscribe(`${key}:00`)).toHaveLength(1);
    expect(node.takeReports()).toEqual([
      "subscribe-auth-missing",
      "subscribe-key-mismatch",
      "subscribe-signature-mismatch",
      "subscribe-auth-malformed",
    ]);
    expect(node.hub.channels().size).toBe(0);
    expect(client.closedWith).toBeUndefined();
  });

  it("gives the signed string to the operator, and to the client only with debugAuth", () => {
    const auth = `${new TestNode().hub.app.key}:${"0".repeat(64)}`;
    const refusal = (debugAuth: boolean) => {
      const node = new TestNode({ channels: { debugAuth } });
      const text = node
        .connect()
        .send({ event: "pusher:subscribe", data: { channel: "private-a", auth } })
        .take()[0];
      return { text, evidence: node.reports[0]?.evidence };
    };
    expect(refusal(false).text).not.toContain("1.1:private-a");
    expect(refusal(false).evidence).toMatchObject({ signedText: "1.1:private-a", cause: "secret-or-text" });
    expect(refusal(true).text).toContain('The server signed \\\\\\"1.1:private-a\\\\\\".');
  });

  it("adds pusher:error 4009 where the app says so", () => {
    const client = new TestNode({ channels: { authErrorEvent: true } }).connect();
    client.send({ event: "pusher:subscribe", data: { channel: "private-a" } });
    const text = "Missing auth: private-a needs a signature and none was sent.";
    expect(client.take()).toEqual([
      `{"event":"pusher:error","channel":"private-a","data":{"code":4009,"message":"${text}"}}`,
      error("private-a", "AuthError", text, 401),
    ]);
    expect(client.closedWith).toBeUndefined();
  });

  it("answers pusher:error 4009 alone in profile reverb", () => {
    const client = new TestNode({ profile: "reverb" }).connect();
    client.send({ event: "pusher:subscribe", data: { channel: "private-a" } });
    const data = { code: 4009, message: "Missing auth: private-a needs a signature and none was sent." };
    expect(client.take()).toEqual([
      `{"event":"pusher:error","data":${JSON.stringify(JSON.stringify(data))}}`,
    ]);
  });

  it("follows a changed secret at once", () => {
    const node = new TestNode();
    const client = node.connect();
    node.hub.updateApp({ ...node.hub.app, secret: "new" });
    expect(client.subscribe("private-a").takeEvents()).toEqual(["pusher:subscription_error"]);
    const auth = `${node.hub.app.key}:${signText("new", "1.1:private-a")}`;
    client.send({ event: "pusher:subscribe", data: { channel: "private-a", auth } });
    expect(client.take()).toEqual([succeeded("private-a")]);
  });

  it("diagnoses ten refused signatures a minute, so that nobody can burn the server's time", () => {
    const node = new TestNode();
    const client = node.connect();
    const auth = client.authFor("private-a");
    for (let count = 0; count < 11; count++) {
      client.send({ event: "pusher:subscribe", data: { channel: "private-a", auth } });
    }
    const causes = node.reports.map(({ evidence }) => evidence["cause"]);
    expect(causes.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => "secret-or-text"));
    expect(causes[10]).toBe("not-examined");
  });
});

describe("unsubscribing", () => {
  it("is silent, and nothing of the channel arrives any more", () => {
    const node = new TestNode();
    const client = node.connect().subscribe("a");
    client.take();
    node.takeOccurrences();
    client.unsubscribe("a");
    node.hub.publish({ name: "e", channel: "a", data: "d" });
    expect(client.take()).toEqual([]);
    expect(node.takeOccurrences()).toEqual([{ name: "channel_vacated", channel: "a" }]);
    expect(node.hub.channel("a")).toEqual({ occupied: false, subscriptionCount: 0 });
  });

  it("ends only one's own subscription", () => {
    const node = new TestNode();
    const [leaver, stayer] = [node.connect().subscribe("a"), node.connect().subscribe("a")];
    leaver.unsubscribe("a").take();
    stayer.take();
    node.hub.publish({ name: "e", channel: "a", data: "d" });
    expect(leaver.take()).toEqual([]);
    expect(stayer.takeEvents()).toEqual(["e"]);
  });

  it.each([["never-joined"], [7], [null], [undefined]])("from %j is ignored", (channel) => {
    const node = new TestNode();
    const client = node.connect();
    client.send({ event: "pusher:unsubscribe", data: { channel } });
    expect(client.take()).toEqual([]);
    expect(node.takeOccurrences()).toEqual([]);
  });

  it("makes room for another channel", () => {
    const client = new TestNode({ channels: { maxPerConnection: 1 } }).connect();
    client.subscribe("a").unsubscribe("a").take();
    expect(client.subscribe("b").take()).toEqual([succeeded("b")]);
  });
});

const refusal = (data: unknown, channels = {}): string[] => {
  const node = new TestNode({ channels });
  const client = node.connect();
  const text = typeof data === "string" ? data : JSON.stringify(data);
  client.subscribe("presence-a", text).take();
  return node.takeReports();
};

describe("presence members", () => {
  it.each([
    [{ user_id: "7" }],
    [{ user_id: 7 }],
    [{ user_id: 0 }],
    [{ user_id: "__proto__", user_info: null }],
    [{ user_id: "x".repeat(128), user_info: [] }],
  ])("%j is accepted", (data) => {
    expect(refusal(data)).toEqual([]);
  });

  it.each([
    [{}, "subscribe-channel-data-invalid"],
    [{ user_id: "" }, "subscribe-channel-data-invalid"],
    [{ user_id: null }, "subscribe-channel-data-invalid"],
    [{ user_id: { id: 1 } }, "subscribe-channel-data-invalid"],
    ['{"user_id":1e999}', "subscribe-channel-data-invalid"],
    ["[]", "subscribe-channel-data-invalid"],
    ["null", "subscribe-channel-data-invalid"],
    ["7", "subscribe-channel-data-invalid"],
    ["{", "subscribe-channel-data-invalid"],
    ['"{\\"user_id\\":1}"', "subscribe-channel-data-invalid"],
    [{ user_id: "x".repeat(129) }, "subscribe-user-id-too-long"],
    [{ user_id: "7", user_info: "x".repeat(2046) }, "subscribe-member-too-large"],
    [{ user_id: "7", more: "x".repeat(4000) }, "subscribe-channel-data-too-long"],
  ])("%.60j is refused", (data, name) => {
    expect(refusal(data)).toEqual([name]);
  });

  it("may be as large as the limit", () => {
    expect(refusal({ user_id: "7", user_info: "x".repeat(2045) })).toEqual([]);
  });

  it("are told what is wrong with channel_data that is no text", () => {
    const client = new TestNode().connect();
    const data = { channel: "presence-a", auth: client.authFor("x"), channel_data: { user_id: 1 } };
    expect(client.send({ event: "pusher:subscribe", data }).take()).toEqual([
      error(
        "presence-a",
        "AuthError",
        "Invalid channel_data: it arrived as an object, not as JSON text.",
        401,
      ),
    ]);
  });

  it("come from the signed-in user when there is no channel_data, and from channel_data when there is", () => {
    const node = new TestNode();
    const client = node.connect().signIn('{"id":"7","user_info":{"name":"A"}}');
    client.take();
    expect(client.subscribe("presence-a").take()).toEqual([
      succeeded("presence-a", '{"presence":{"ids":["7"],"hash":{"7":{"name":"A"}},"count":1}}'),
    ]);
    expect(client.subscribe("presence-b", member("8")).take()).toEqual([
      succeeded("presence-b", '{"presence":{"ids":["8"],"hash":{"8":null},"count":1}}'),
    ]);
  });

  it("are missing when there is neither channel_data nor a user", () => {
    const node = new TestNode();
    expect(node.connect().subscribe("presence-a").takeEvents()).toEqual(["pusher:subscription_error"]);
    expect(node.takeReports()).toEqual(["subscribe-channel-data-missing"]);
  });

  it("beyond the limit of the room are refused, after their signature was checked", () => {
    const node = new TestNode({ channels: { maxPresenceMembers: 1 } });
    const first = node.connect().subscribe("presence-a", member(1));
    const second = node.connect().subscribe("presence-a", member(2));
    const text = "The presence channel is full: it has its 1 allowed members.";
    expect(second.take()).toEqual([error("presence-a", "LimitReached", text, 4100)]);
    expect(node.connect().subscribe("presence-a", member("1")).takeEvents()).toEqual([
      "pusher_internal:subscription_succeeded",
    ]);
    const forged = {
      channel: "presence-a",
      auth: `${node.hub.app.key}:${"0".repeat(64)}`,
      channel_data: member(3),
    };
    node.takeReports();
    node.connect().send({ event: "pusher:subscribe", data: forged });
    expect(node.takeReports()).toEqual(["subscribe-signature-mismatch"]);
    expect(first.take()).toHaveLength(1);
    expect(node.hub.members("presence-a")).toHaveLength(1);
  });
});
