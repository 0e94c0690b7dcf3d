import { describe, expect, it } from "vitest";
import { TestNode } from "./session.test.harness.ts";

const success = (userData: string): string =>
  `{"event":"pusher:signin_success","data":${JSON.stringify(JSON.stringify({ user_data: userData }))}}`;

const error = (code: number, message: string): string =>
  `{"event":"pusher:error","data":{"code":${code},"message":${JSON.stringify(message)}}}`;

describe("signin", () => {
  it.each(['{"id":"7"}', '{ "id" : 7, "x": "\\u00e9" }'])(
    "succeeds with the exact text of %s",
    (userData) => {
      const client = new TestNode().connect().signIn(userData);
      expect(client.take()).toEqual([success(userData)]);
      expect(client.session.userId).toBe("7");
    },
  );

  it("again as the same user succeeds again", () => {
    const client = new TestNode().connect().signIn('{"id":"7"}').signIn('{"id":7}');
    expect(client.take()).toEqual([success('{"id":"7"}'), success('{"id":7}')]);
  });

  it("as another user is refused and changes nothing", () => {
    const node = new TestNode();
    const client = node.connect().signIn('{"id":"7"}');
    client.take();
    expect(client.signIn('{"id":"8"}').take()).toEqual([
      error(4009, "This connection is already signed in as another user."),
    ]);
    expect(client.closedWith).toBeUndefined();
    expect(client.session.userId).toBe("7");
    expect(node.hub.channel("#server-to-user-8").occupied).toBe(false);
  });

  const refusals: readonly (readonly [Record<string, unknown>, string])[] = [
    [{}, "signin-auth-missing"],
    [{ auth: 1, user_data: '{"id":"7"}' }, "signin-auth-missing"],
    [{ auth: "x", user_data: 7 }, "signin-auth-missing"],
    [{ auth: "x", user_data: '{"id":"7"}' }, "signin-auth-malformed"],
    [{ auth: `other:${"0".repeat(64)}`, user_data: '{"id":"7"}' }, "signin-key-mismatch"],
    [
      { auth: `278d425bdf160c739803:${"0".repeat(64)}`, user_data: '{"id":"7"}' },
      "signin-signature-mismatch",
    ],
  ];

  it.each(refusals)("with %j is refused and closes with 4009", (data, name) => {
    const node = new TestNode();
    const client = node.connect().send({ event: "pusher:signin", data });
    expect(client.takeEvents()).toEqual(["pusher:error"]);
    expect(client.closedWith?.[0]).toBe(4009);
    expect(node.takeReports()).toEqual([name]);
  });

  it.each(refusals)("with %j is refused without closing where the app says so", (data) => {
    const client = new TestNode({ connection: { closeOnSigninFailure: false } }).connect();
    client.send({ event: "pusher:signin", data });
    expect(client.takeEvents()).toEqual(["pusher:error"]);
    expect(client.closedWith).toBeUndefined();
  });

  it.each([
    ["{", "it is not JSON, or nests too deep"],
    ["[]", "it is an array, not an object"],
    ['"{\\"id\\":\\"7\\"}"', "it is JSON-encoded twice"],
    ["{}", "id is missing or empty, not a non-empty string"],
    ['{"id":""}', "id is a string or empty, not a non-empty string"],
    ['{"id":null}', "id is null or empty, not a non-empty string"],
    [JSON.stringify({ id: "x".repeat(129) }), "id has 129 characters; 128 are allowed"],
  ])("with signed but useless user_data %.40s says what is wrong", (userData, problem) => {
    const client = new TestNode().connect().signIn(userData);
    expect(client.take()).toEqual([error(4009, `Invalid user_data: ${problem}.`)]);
  });
});

describe("server to user", () => {
  it("lets only that user listen, whatever auth says", () => {
    const node = new TestNode();
    const client = node.connect();
    const subscribe = (id: string): string[] =>
      client
        .send({ event: "pusher:subscribe", data: { channel: `#server-to-user-${id}`, auth: "" } })
        .takeEvents();
    expect(subscribe("7")).toEqual(["pusher:subscription_error"]);
    client.signIn('{"id":"7"}').take();
    expect(subscribe("8")).toEqual(["pusher:subscription_error"]);
    expect(subscribe("7")).toEqual(["pusher_internal:subscription_succeeded"]);
    expect(node.takeReports()).toEqual(["subscribe-user-mismatch", "subscribe-user-mismatch"]);
  });

  it("reaches every connection of the user once, subscribed or not, and nobody else", () => {
    const node = new TestNode();
    const [first, second, other] = [node.connect(), node.connect(), node.connect()];
    first.signIn('{"id":"7"}').subscribe("#server-to-user-7").take();
    second.signIn('{"id":7}').take();
    other.signIn('{"id":"8"}').take();
    node.hub.publish({ name: "e", channel: "#server-to-user-7", data: "d" });
    const text = '{"event":"e","channel":"#server-to-user-7","data":"d"}';
    expect([first.take(), second.take(), other.take()]).toEqual([[text], [text], []]);
    node.hub.publish({ name: "e", channel: "#server-to-user-7", data: "d", exceptSocketId: "1.1" });
    expect([first.take(), second.take()]).toEqual([[], [text]]);
  });

  it("is no channel to the outside: no occurrence, not listed", () => {
    const node = new TestNode({ channels: { subscriptionCount: true } });
    node.connect().signIn('{"id":"7"}').subscribe("#server-to-user-7").unsubscribe("#server-to-user-7");
    expect(node.takeOccurrences()).toEqual([]);
    expect(node.hub.channels().size).toBe(0);
    expect(node.hub.channel("#server-to-user-7")).toEqual({ occupied: true, subscriptionCount: 1 });
  });
});

describe("terminating a user", () => {
  it("closes every connection signed in as the user with 4009, and no other", () => {
    const node = new TestNode();
    const [first, second, other] = [node.connect(), node.connect(), node.connect()];
    first.signIn('{"id":"7"}').subscribe("presence-a").take();
    second.signIn('{"id":7}').take();
    other.subscribe("presence-a", '{"user_id":"7"}').take();
    node.hub.terminateUser("7");
    expect(first.take()).toEqual([error(4009, "You got disconnected by the app.")]);
    expect(first.closedWith).toEqual([4009, "You got disconnected by the app."]);
    expect(second.closedWith?.[0]).toBe(4009);
    expect(other.closedWith).toBeUndefined();
    expect(node.hub.connectionCount()).toBe(1);
    expect(node.hub.channel("#server-to-user-7").occupied).toBe(false);
  });

  it("closes presence members of the id as well in profile reverb", () => {
    const node = new TestNode({ profile: "reverb" });
    const client = node
      .connect()
      .subscribe("presence-a", '{"user_id":7}')
      .subscribe("presence-b", '{"user_id":7}');
    const other = node.connect().subscribe("presence-a", '{"user_id":8}');
    node.hub.terminateUser("7");
    expect(client.closedWith?.[0]).toBe(4009);
    expect(other.closedWith).toBeUndefined();
  });

  it("of an unknown id does nothing", () => {
    const node = new TestNode();
    const client = node.connect();
    node.hub.terminateUser("7");
    expect(client.closedWith).toBeUndefined();
  });
});

const signIn = (node: TestNode, id: string, watchlist?: unknown) =>
  node.connect().signIn(JSON.stringify({ id, watchlist }));
const events = (...list: [string, string[]][]): string => {
  const data = JSON.stringify({ events: list.map(([name, user_ids]) => ({ name, user_ids })) });
  return `{"event":"pusher_internal:watchlist_events","data":${JSON.stringify(data)}}`;
};

describe("watchlist", () => {
  const channels = { watchlist: true };
  it("tells the state of all watched users right after the signin", () => {
    const node = new TestNode({ channels });
    signIn(node, "a");
    const watcher = signIn(node, "w", ["a", "b", "a", 3, null, { id: "x" }, ""]);
    expect(watcher.take()[1]).toBe(events(["online", ["a"]], ["offline", ["b", "3"]]));
    expect(signIn(node, "v", ["a"]).take()[1]).toBe(events(["online", ["a"]]));
    expect(signIn(node, "u", ["b"]).take()[1]).toBe(events(["offline", ["b"]]));
  });

  it("tells the first arrival and the last leave, three seconds later", () => {
    const node = new TestNode({ channels });
    const watcher = signIn(node, "w", ["a"]);
    watcher.take();
    const [first, second] = [signIn(node, "a"), signIn(node, "a")];
    expect(watcher.take()).toEqual([events(["online", ["a"]])]);
    first.session.closed();
    node.clock.advance(3000);
    expect(watcher.take()).toEqual([]);
    second.session.closed();
    node.clock.advance(2999);
    expect(watcher.take()).toEqual([]);
    node.clock.advance(1);
    expect(watcher.take()).toEqual([events(["offline", ["a"]])]);
  });

  it("does not show a reload, and shows a user in between as online", () => {
    const node = new TestNode({ channels });
    const watcher = signIn(node, "w", ["a"]);
    const user = signIn(node, "a");
    watcher.take();
    user.session.closed();
    expect(signIn(node, "v", ["a"]).take()[1]).toBe(events(["online", ["a"]]));
    signIn(node, "a");
    node.clock.advance(10_000);
    expect(watcher.take()).toEqual([]);
  });

  it("tells a user who watches itself once", () => {
    const node = new TestNode({ channels });
    expect(signIn(node, "a", ["a"]).take().slice(1)).toEqual([events(["online", ["a"]])]);
  });

  it("watches the first hundred of a longer list, and says so with 4302", () => {
    const node = new TestNode({ channels });
    const ids = Array.from({ length: 101 }, (_, index) => `u${index}`);
    const watcher = signIn(node, "w", ids);
    expect(watcher.take().slice(1)).toEqual([
      error(4302, "The watchlist has 101 users; only the first 100 are watched."),
      events(["offline", ids.slice(0, 100)]),
    ]);
    expect(watcher.closedWith).toBeUndefined();
    signIn(node, "u100");
    expect(watcher.take()).toEqual([]);
  });

  it.each([[undefined], [null], ["a"], [{}], [[]]])("of the form %j is no watchlist", (watchlist) => {
    expect(signIn(new TestNode({ channels }), "w", watchlist).takeEvents()).toEqual([
      "pusher:signin_success",
    ]);
  });

  it("is ignored where the app has it switched off", () => {
    const node = new TestNode();
    const watcher = signIn(node, "w", ["a"]);
    signIn(node, "a");
    expect(watcher.takeEvents()).toEqual(["pusher:signin_success"]);
  });

  it("leaves no timer behind when the last watcher goes", () => {
    const node = new TestNode({ channels });
    const watcher = signIn(node, "w", ["a"]);
    signIn(node, "a").session.closed();
    expect(node.clock.pending).toBe(1);
    watcher.session.closed();
    expect(node.clock.pending).toBe(0);
  });
});
