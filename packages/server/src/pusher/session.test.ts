import { describe, expect, it } from "vitest";
import { PusherSession } from "./session.ts";
import { TestNode } from "./session.test.harness.ts";

describe("opening", () => {
  it("greets first, with socket id and activity timeout", () => {
    const node = new TestNode({ connection: { activityTimeoutSeconds: 30 } });
    const client = node.prepare();
    client.session.open();
    expect(client.take()).toEqual([
      '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"1.1\\",\\"activity_timeout\\":30}"}',
    ]);
  });

  it("counts the connection until it is closed", () => {
    const node = new TestNode();
    const client = node.connect();
    expect(node.hub.connectionCount()).toBe(1);
    expect(node.hub.hasConnection("1.1")).toBe(true);
    client.session.closed();
    client.session.closed();
    expect(node.hub.connectionCount()).toBe(0);
    expect(node.hub.hasConnection("1.1")).toBe(false);
  });
});

describe("ping", () => {
  it("is answered at once, before any subscription and while draining", () => {
    const node = new TestNode();
    const client = node.connect();
    node.draining = true;
    for (const data of [{}, "{}", null, 7, undefined]) client.send({ event: "pusher:ping", data });
    expect(client.take()).toEqual(Array.from({ length: 5 }, () => '{"event":"pusher:pong","data":"{}"}'));
  });
});

describe("malformed messages", () => {
  it.each([
    ["{", "message-not-json", "The message is not JSON."],
    ["[]", "message-not-object", "The message is JSON, but an array, not an object."],
    ['{"data":1}', "message-event-missing", 'The message has no event name: "event" is missing.'],
    [
      '{"event":"x"}',
      "message-event-not-allowed",
      'Clients may not send the event "x": its name does not start with client-.',
    ],
    [
      '{"event":"pusher:subscribe","data":"x"}',
      "message-data-invalid",
      "The data of pusher:subscribe is a string, not an object.",
    ],
    ['{"event":"pusher:subscribe"}', "subscribe-channel-missing", "pusher:subscribe names no channel."],
    [
      '{"event":"pusher:subscribe","data":{"channel":7}}',
      "subscribe-channel-missing",
      "pusher:subscribe names no channel.",
    ],
  ])("%s is answered with an error without a code, and the connection stays", (text, name, message) => {
    const node = new TestNode();
    const client = node.connect();
    client.session.receiveText(text);
    expect(client.take()).toEqual([
      `{"event":"pusher:error","data":{"code":null,"message":${JSON.stringify(message)}}}`,
    ]);
    expect(node.takeReports()).toEqual([name]);
    expect(client.closedWith).toBeUndefined();
  });

  it("are answered with Reverb's code and text in its profile", () => {
    const client = new TestNode({ profile: "reverb" }).connect();
    client.session.receiveText("{");
    expect(client.take()).toEqual([
      '{"event":"pusher:error","data":"{\\"code\\":4200,\\"message\\":\\"Invalid message format\\"}"}',
    ]);
  });

  it("end the connection with 4009 when there are more than ten in a minute", () => {
    const node = new TestNode();
    const client = node.connect();
    for (let count = 0; count < 10; count++) client.session.receiveText("{");
    node.clock.advance(60_000);
    for (let count = 0; count < 10; count++) client.session.receiveText("{");
    expect(client.closedWith).toBeUndefined();
    client.take();
    client.session.receiveText("{");
    expect(client.take()).toEqual([
      '{"event":"pusher:error","data":{"code":4009,"message":"More than 10 malformed messages were sent within a minute."}}',
    ]);
    expect(client.closedWith?.[0]).toBe(4009);
    expect(node.hub.connectionCount()).toBe(0);
  });

  it("of unknown pusher: and pusher_internal: names are ignored, and reported", () => {
    const node = new TestNode();
    const client = node.connect();
    client.send({ event: "pusher:enable_delta_compression" }).send({ event: "pusher_internal:member_added" });
    client.send({ event: "pusher:pong" });
    expect(client.take()).toEqual([]);
    expect(node.takeReports()).toEqual(["message-event-ignored", "message-event-ignored"]);
  });
});

describe("message rate", () => {
  const rates = { messages: { max: 3, windowSeconds: 60 } };

  it("refuses what is too much with 4301, until the window is over", () => {
    const node = new TestNode({ rates });
    const client = node.connect();
    for (let count = 0; count < 4; count++) client.send({ event: "pusher:ping" });
    expect(client.takeEvents()).toEqual(["pusher:pong", "pusher:pong", "pusher:pong", "pusher:error"]);
    node.clock.advance(60_000);
    client.send({ event: "pusher:ping" });
    expect(client.takeEvents()).toEqual(["pusher:pong"]);
  });

  it("closes with 4009 where the app says so", () => {
    const client = new TestNode({ rates: { ...rates, terminateOnLimit: true } }).connect();
    for (let count = 0; count < 4; count++) client.send({ event: "pusher:ping" });
    expect(client.closedWith?.[0]).toBe(4009);
  });
});

describe("ends that the shell asks for", () => {
  it("a missed pong closes with 4201", () => {
    const client = new TestNode().connect();
    client.session.missedPong(30_000);
    expect(client.take()).toEqual([
      '{"event":"pusher:error","data":{"code":4201,"message":"The client gave no sign of life for 30 s after a ping."}}',
    ]);
    expect(client.closedWith).toEqual([4201, "The client gave no sign of life for 30 s after a ping."]);
  });

  it("a client that fell behind is closed with 4100", () => {
    const client = new TestNode().connect();
    client.session.fellBehind(2_000_000);
    expect(client.closedWith?.[0]).toBe(4100);
  });

  it("nothing is sent, and no message handled, after the end", () => {
    const node = new TestNode();
    const client = node.connect();
    client.session.missedPong(1);
    client.take();
    client.subscribe("a").send({ event: "pusher:ping" });
    expect(client.take()).toEqual([]);
    expect(node.hub.channels().size).toBe(0);
    expect(client.closedWith?.[0]).toBe(4201);
  });

  it("a disabled app closes all its connections with 4003", () => {
    const node = new TestNode();
    const clients = [node.connect(), node.connect()];
    node.hub.updateApp({ ...node.hub.app, enabled: false });
    expect(clients.map(({ closedWith }) => closedWith?.[0])).toEqual([4003, 4003]);
    expect(node.hub.connectionCount()).toBe(0);
  });
});

describe("required user authentication", () => {
  const connection = { requireUserAuthentication: true, userAuthenticationTimeoutMs: 30_000 };

  it("closes with 4009 when the time is over", () => {
    const node = new TestNode({ connection });
    const client = node.connect();
    client.subscribe("public");
    node.clock.advance(29_999);
    expect(client.closedWith).toBeUndefined();
    node.clock.advance(1);
    expect(client.closedWith?.[0]).toBe(4009);
    expect(node.takeReports()).toEqual(["signin-deadline-missed"]);
  });

  it.each([
    ["a signin", (client: ReturnType<TestNode["connect"]>) => client.signIn('{"id":"7"}')],
    ["a private channel", (client: ReturnType<TestNode["connect"]>) => client.subscribe("private-a")],
  ])("is satisfied by %s", (_what, prove) => {
    const node = new TestNode({ connection });
    const client = node.connect();
    prove(client);
    expect(node.clock.pending).toBe(0);
    node.clock.advance(60_000);
    expect(client.closedWith).toBeUndefined();
  });

  it("does not count a connection against the app before it is authorised", () => {
    const node = new TestNode({ connection: { ...connection, maxConnections: 1 } });
    const [first, second] = [node.connect(), node.connect()];
    expect([node.hub.authorisedCount(), node.hub.unauthorisedCount()]).toEqual([0, 2]);
    first.signIn('{"id":"7"}');
    expect([node.hub.authorisedCount(), node.hub.unauthorisedCount()]).toEqual([1, 1]);
    first.session.closed();
    expect([node.hub.authorisedCount(), node.hub.unauthorisedCount()]).toEqual([0, 1]);
    second.session.closed();
    expect([node.hub.authorisedCount(), node.hub.unauthorisedCount()]).toEqual([0, 0]);
  });

  it.each([
    ["a signin", (client: ReturnType<TestNode["connect"]>) => client.signIn('{"id":"8"}')],
    ["a private channel", (client: ReturnType<TestNode["connect"]>) => client.subscribe("private-a")],
  ])("ends with 4004 at %s when the app has no place left", (_what, prove) => {
    const node = new TestNode({ connection: { ...connection, maxConnections: 1 } });
    node.connect().signIn('{"id":"7"}');
    const late = node.connect();
    prove(late);
    expect(late.takeEvents()).toEqual(["pusher:error"]);
    expect(late.closedWith).toEqual([4004, "This app already has its 1 allowed connections."]);
    expect(node.hub.channels().size).toBe(0);
    expect(node.takeReports()).toEqual(["app-connections-exceeded"]);
  });

  it("counts every connection where it is not required", () => {
    const node = new TestNode();
    node.connect();
    expect([node.hub.authorisedCount(), node.hub.unauthorisedCount()]).toEqual([1, 0]);
  });

  it("leaves no timer behind when the connection closes before", () => {
    const node = new TestNode({ connection });
    node.connect().session.closed();
    expect(node.clock.pending).toBe(0);
  });
});

describe("reports", () => {
  it("hold no more of a client's channel name than a name may have", () => {
    const { hub, clock } = new TestNode({ channels: { maxNameLength: 20 } });
    const channels: (string | undefined)[] = [];
    const session = new PusherSession({
      hub,
      transport: { send: () => {}, close: () => {} },
      socketId: "7.7",
      now: clock.now,
      scheduler: clock,
      report: (_failure, { channel }) => channels.push(channel),
    });
    session.open();
    const channel = "x".repeat(10_000);
    session.receiveText(JSON.stringify({ event: "pusher:subscribe", data: { channel } }));
    session.receiveText(JSON.stringify({ event: "client-x", channel, data: {} }));
    expect(channels).toEqual([`${"x".repeat(20)}…`, `${"x".repeat(20)}…`]);
  });
});
