import { afterEach, describe, expect, it, vi } from "vitest";
import { createDeferred } from "../../../../test/support/deferred.ts";
import { FailureError } from "../failures/failure.ts";
import { closeFrame, frameOf, framesOf, TestConnection } from "../../../../test/support/test-connection.ts";
import { settle } from "../../../../test/support/fake-socket.ts";
import { PreparedMessage } from "./prepared-message.ts";
import { Topic } from "./topic.ts";

function raise(message: string): never {
  throw new Error(message);
}

const textFrame = (text: string): string =>
  Buffer.from([0x81, text.length, ...Buffer.from(text)]).toString("hex");

describe("opening", () => {
  it("calls open before the first message, also for bytes that came behind the handshake", async () => {
    const { log } = new TestConnection({ head: framesOf("early") });
    await settle();
    expect(log).toEqual(["open", "message early"]);
  });

  it("holds messages until the promise of open has settled", async () => {
    const authenticated = createDeferred();
    const test = new TestConnection({ handlers: { open: () => authenticated.promise }, head: framesOf("a") });
    await test.receive("b");
    expect(test.log).toEqual(["open"]);
    authenticated.resolve();
    await settle();
    expect(test.log).toEqual(["open", "message a", "message b"]);
  });

  it("sends in open, and at once", async () => {
    const { socket } = new TestConnection({ handlers: { open: (connection) => void connection.send("hi") } });
    await settle();
    expect(socket.hex).toBe(textFrame("hi"));
  });

  it.each([
    ["throws", () => raise("open failed")],
    ["rejects", () => Promise.reject(new Error("open failed"))],
  ])("closes with 1011 if open %s, and delivers nothing", async (_, open) => {
    const test = new TestConnection({ handlers: { open }, head: framesOf("a") });
    await settle();
    expect(test.log).toEqual([
      "open",
      "failing message-unhandled-exception",
      "report message-unhandled-exception: open failed",
    ]);
    expect(test.socket.hex).toMatch(/^88..03f3/);
  });

  it("handles what came before the FIN when open took longer than the client stayed", async () => {
    const authenticated = createDeferred();
    const test = new TestConnection({ handlers: { open: () => authenticated.promise } });
    await test.socket.deliver(Buffer.concat([framesOf("a", "b"), closeFrame(1000)]));
    await test.socket.deliverEnd();
    expect(test.log).toEqual(["open"]);
    authenticated.resolve();
    await settle();
    expect(test.log).toEqual(["open", "message a", "message b", "unregistered", "close"]);
    expect(test.report).toMatchObject({ code: 1000, wasClean: true, initiator: "remote", tcp: "fin" });
  });
});

describe("handlers", () => {
  it.each([
    ["throws", () => raise("broken")],
    ["rejects", () => Promise.reject(new Error("broken"))],
  ])("that %s on a message close with 1011 and hear of nothing but the end", async (_, message) => {
    const test = new TestConnection({ handlers: { message } });
    await test.socket.deliver(framesOf("a"));
    await test.socket.deliver(framesOf("b"));
    expect(test.log).toEqual([
      "open",
      "message a",
      "failing message-unhandled-exception",
      "report message-unhandled-exception: broken",
    ]);
    expect(test.socket.hex).toBe(`881d03f3${Buffer.from("message-unhandled-exception").toString("hex")}`);
    await test.socket.deliverEnd();
    expect(test.log.slice(4)).toEqual(["unregistered", "close"]);
    expect(test.report?.failure?.name).toBe("message-unhandled-exception");
  });

  it("that throw on close harm nobody", async () => {
    const test = new TestConnection({ handlers: { close: () => raise("late") } });
    test.connection.terminate();
    await settle();
    expect(test.log).toEqual(["open", "unregistered", "close", "report message-unhandled-exception: late"]);
  });

  it("can say a last word before the Close of a failure", async () => {
    const test = new TestConnection({
      handlers: {
        message: () => raise("broken"),
        failing: (connection) => void connection.send("sorry"),
      },
    });
    await test.receive("a");
    expect(test.socket.hex.startsWith(`${textFrame("sorry")}88`)).toBe(true);
  });

  it("get no message after they have terminated the connection", async () => {
    const test = new TestConnection({ handlers: { message: (connection) => connection.terminate() } });
    await test.socket.deliver(framesOf("a", "b", "c"));
    expect(test.log).toEqual(["open", "message a", "unregistered", "close"]);
    expect(test.connection.send("x")).toBe("closed");
    expect(test.report).toMatchObject({ code: 1006, initiator: "local", tcp: "destroyed", wasClean: false });
    expect(test.report).not.toHaveProperty("failure");
  });
});

describe("reading", () => {
  it("stops between two messages of one chunk when the application pauses", async () => {
    const test = new TestConnection({ handlers: { message: (connection) => connection.pause() } });
    await test.socket.deliver(framesOf("a", "b", "c"));
    expect(test.log).toEqual(["open", "message a"]);
    test.connection.resume();
    expect(test.log).toEqual(["open", "message a", "message b"]);
    test.connection.resume();
    expect(test.log.at(-1)).toBe("message c");
  });

  it("goes on when a handler pauses and resumes", async () => {
    const test = new TestConnection({
      handlers: {
        message: (connection) => {
          connection.pause();
          connection.resume();
        },
      },
    });
    await test.socket.deliver(framesOf("a", "b"));
    expect(test.log).toEqual(["open", "message a", "message b"]);
  });

  it("lets others have their turn while one peer floods, and loses nothing", async () => {
    const test = new TestConnection();
    const count = 1000;
    let handledAtFirstTurn = 0;
    setImmediate(() => {
      handledAtFirstTurn = test.log.length;
    });
    test.socket.push(framesOf(...Array.from({ length: count }, (_, at) => String(at))));
    await settle();
    await settle();
    expect(handledAtFirstTurn).toBeLessThan(count / 2);
    expect(test.log).toEqual(["open", ...Array.from({ length: count }, (_, at) => `message ${at}`)]);
  });

  it("sees a FIN behind a flood only after the flood", async () => {
    const test = new TestConnection();
    test.socket.push(framesOf(...Array.from({ length: 600 }, () => "x")));
    await test.socket.deliverEnd();
    await settle();
    expect(test.log.filter((line) => line === "message x")).toHaveLength(600);
    expect(test.log.slice(-3)).toEqual(["report close-without-frame", "unregistered", "close"]);
  });

  it("ends the socket although the application has paused, once both Close frames have passed", async () => {
    const test = new TestConnection({ handlers: { message: (connection) => connection.pause() } });
    await test.socket.deliver(Buffer.concat([framesOf("a"), closeFrame(1000)]));
    test.connection.resume();
    test.connection.pause();
    await test.socket.deliverEnd();
    expect(test.log).toEqual(["open", "message a", "unregistered", "close"]);
    expect(test.report).toMatchObject({ wasClean: true, tcp: "fin" });
  });

  it("goes on after close() although the application has paused, and delivers nothing more to it", async () => {
    const test = new TestConnection({ handlers: { message: (connection) => connection.pause() } });
    await test.socket.deliver(framesOf("a", "b"));
    test.connection.close();
    await test.socket.deliver(Buffer.concat([framesOf("c"), closeFrame(1000)]));
    await test.socket.deliverEnd();
    expect(test.log).toEqual(["open", "message a", "unregistered", "close"]);
    expect(test.report).toMatchObject({ wasClean: true, initiator: "local" });
  });

  it("of many partial chunks gives whole messages, and answers of one chunk leave as one write", async () => {
    const test = new TestConnection({
      handlers: { message: (connection, data) => void connection.send(data) },
    });
    const bytes = framesOf("one", "two", "three");
    for (const byte of bytes) test.socket.push(Buffer.from([byte]));
    await settle();
    expect(test.log.slice(1)).toEqual(["message one", "message two", "message three"]);
    test.socket.writes.length = 0;
    await test.socket.deliver(framesOf("one", "two"));
    expect(test.socket.writes.map((write) => write.toString("hex"))).toEqual([
      textFrame("one") + textFrame("two"),
    ]);
  });
});

describe("closing (RFC 6455 §7)", () => {
  it("sends what was sent before, then the Close; the server ends TCP first", async () => {
    const test = new TestConnection();
    test.connection.send("last");
    test.connection.close(4000, "bye");
    expect([test.connection.isOpen, test.connection.state]).toEqual([false, "closing-local"]);
    expect(test.connection.send("late")).toBe("closed");
    await settle();
    expect(test.socket.hex).toBe(`${textFrame("last")}88050fa0627965`);
    expect(test.socket.writableEnded).toBe(false);
    await test.socket.deliver(Buffer.concat([framesOf("still delivered"), closeFrame(4000)]));
    expect(test.socket.writableEnded).toBe(true);
    await test.socket.deliverEnd();
    expect(test.log).toEqual(["open", "message still delivered", "unregistered", "close"]);
    expect(test.report).toMatchObject({
      code: 4000,
      sent: { code: 4000, reason: "bye" },
      received: { code: 4000, reason: "" },
      initiator: "local",
      wasClean: true,
      tcp: "fin",
    });
    expect(test.wheel.size).toBe(0);
  });

  it("echoes the code and not the reason, and ignores all that follows", async () => {
    const test = new TestConnection();
    await test.socket.deliver(
      Buffer.concat([closeFrame(3001, "why"), framesOf("x"), Buffer.from("garbage")]),
    );
    expect(test.socket.hex).toBe("88020bb9");
    await test.socket.deliver(Buffer.from("more garbage"));
    await test.socket.deliverEnd();
    expect(test.log).toEqual(["open", "unregistered", "close"]);
    expect(test.report).toMatchObject({ code: 3001, reason: "why", initiator: "remote", wasClean: true });
  });

  it("takes two Close frames that cross for one closing handshake", async () => {
    const test = new TestConnection();
    test.connection.close(1000);
    await test.socket.deliver(closeFrame(1001));
    await test.socket.deliverEnd();
    expect(test.socket.hex).toBe("880203e8");
    expect(test.report).toMatchObject({ code: 1001, initiator: "local", wasClean: true });
  });

  it("tells an end without Close by how it came", async () => {
    const fin = new TestConnection();
    await fin.socket.deliverEnd();
    expect(fin.report).toMatchObject({ code: 1006, tcp: "fin", failure: { name: "close-without-frame" } });

    const cut = new TestConnection();
    await cut.socket.deliver(frameOf("abc").subarray(0, 5));
    await cut.socket.deliverEnd();
    expect(cut.report).toMatchObject({ tcp: "fin", failure: { name: "stream-truncated-frame" } });

    const reset = new TestConnection();
    reset.socket.destroy(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    await settle();
    expect(reset.report).toMatchObject({
      tcp: "reset",
      initiator: "network",
      failure: { name: "tcp-reset" },
    });
    expect(reset.log).toEqual(["open", "report tcp-reset", "unregistered", "close"]);
  });

  it("answers a broken frame with its failure, and counts a reset after it as a consequence", async () => {
    const test = new TestConnection();
    await test.socket.deliver(Buffer.from([0x81, 0x01, 0x61]));
    expect(test.socket.hex).toMatch(/^88..03ea/);
    expect(test.socket.writableEnded).toBe(true);
    await settle();
    expect(test.log).toEqual(["open", "report frame-unmasked-from-client"]);
    test.socket.destroy(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    await settle();
    expect(test.report).toMatchObject({
      code: 1006,
      sent: { code: 1002, reason: "frame-unmasked-from-client" },
      initiator: "local",
      wasClean: false,
      failure: { name: "frame-unmasked-from-client" },
      consequences: [{ name: "tcp-reset" }],
    });
  });

  it.each([
    [999, "close-code-not-allowed"],
    [1001, "close-code-not-allowed"],
    [1012, "close-code-not-allowed"],
    [5000, "close-code-not-allowed"],
    [Number.NaN, "close-code-not-allowed"],
  ])("throws for the code %d", (code, name) => {
    const { connection } = new TestConnection();
    expect(() => connection.close(code)).toThrow(expect.objectContaining({ code: name }) as FailureError);
    expect(connection.isOpen).toBe(true);
  });

  it("takes reserved codes only when told, and never one that must not be on the wire", () => {
    const { connection } = new TestConnection();
    const allowReserved = { allowReserved: true };
    expect(() => connection.close(1006, "", allowReserved)).toThrow(FailureError);
    connection.close(1012, "", allowReserved);
    expect(connection.state).toBe("closing-local");
  });

  it("counts the reason in bytes", () => {
    const { connection } = new TestConnection();
    expect(() => connection.close(1000, "é".repeat(62))).toThrow(
      expect.objectContaining({ code: "close-reason-too-long" }) as FailureError,
    );
    connection.close(1000, "é".repeat(61));
    expect(connection.isOpen).toBe(false);
  });
});

describe("deadlines of the end", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const fakes = { toFake: ["setInterval", "clearInterval", "performance"] as const };

  it("cut a peer off that does not answer our Close", async () => {
    vi.useFakeTimers({ toFake: [...fakes.toFake] });
    const test = new TestConnection({
      closeTimeoutMs: 10_000,
      writeTimeoutMs: 1000,
      fragmentTimeoutMs: 1000,
    });
    test.connection.close();
    // Clocks of the open connection that run out in the meantime do not shorten the wait.
    await test.socket.deliver(frameOf("begun", { fin: false }));
    vi.advanceTimersByTime(9900);
    expect(test.socket.destroyed).toBe(false);
    vi.advanceTimersByTime(2200);
    await settle();
    expect(test.log).toEqual(["open", "report close-handshake-timeout", "unregistered", "close"]);
    expect(test.report).toMatchObject({ code: 1006, initiator: "local", tcp: "destroyed", wasClean: false });
    expect(test.wheel.size).toBe(0);
  });

  it.each([
    ["does not end TCP after both Close frames", closeFrame(1000)],
    ["does not end TCP after we failed the connection", Buffer.from([0x81, 0x01, 0x61])],
  ])("cut a peer off that %s", async (_, bytes) => {
    vi.useFakeTimers({ toFake: [...fakes.toFake] });
    const test = new TestConnection({ pingIntervalMs: 0 });
    await test.socket.deliver(bytes);
    vi.advanceTimersByTime(4100);
    await settle();
    expect(test.log.at(-1)).toBe("close");
    expect(test.wheel.size).toBe(0);
  });

  it("cut a peer off that ended its half and does not read ours", async () => {
    vi.useFakeTimers({ toFake: [...fakes.toFake] });
    const test = new TestConnection({ pingIntervalMs: 0 });
    test.socket.isTaking = false;
    test.connection.send("x".repeat(5000));
    await settle();
    await test.socket.deliverEnd();
    expect(test.log).not.toContain("close");
    vi.advanceTimersByTime(4100);
    await settle();
    expect(test.log.slice(-2)).toEqual(["unregistered", "close"]);
  });

  it("say that a suspended process blames nobody", async () => {
    vi.useFakeTimers({ toFake: [...fakes.toFake] });
    const test = new TestConnection({ pingIntervalMs: 1000, pongTimeoutMs: 1000, idleTimeoutMs: 5000 });
    const later = performance.now() + 3_600_000;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => later);
    vi.advanceTimersToNextTimer();
    clock.mockRestore();
    expect(test.connection.isOpen).toBe(true);
  });

  it("ping a silent peer, and give it up", async () => {
    vi.useFakeTimers({ toFake: [...fakes.toFake] });
    const test = new TestConnection({ pingIntervalMs: 10_000, pongTimeoutMs: 5000 });
    vi.advanceTimersByTime(12_000);
    await settle();
    expect(test.socket.hex).toMatch(/^8908.{16}$/);
    vi.advanceTimersByTime(7000);
    await settle();
    expect(test.log).toContain("report heartbeat-timeout");
    expect(test.socket.writes.at(-1)!.toString("hex")).toMatch(/^88..03f3/);
    vi.advanceTimersByTime(5000);
    await settle();
    expect(test.log.at(-1)).toBe("close");
    expect(test.report?.failure?.name).toBe("heartbeat-timeout");
  });

  it("show life by pongs while the application has paused for long", async () => {
    vi.useFakeTimers({ toFake: [...fakes.toFake] });
    const test = new TestConnection({ pingIntervalMs: 10_000, pongTimeoutMs: 5000 });
    test.connection.pause();
    vi.advanceTimersByTime(100_000);
    await settle();
    expect(test.connection.isOpen).toBe(true);
    expect(test.socket.hex).toMatch(/^(?:8a00){8,11}$/);
    expect(test.log).toContain("report receive-queue-paused");
  });
});

describe("topics and direct messages", () => {
  const sent = (test: TestConnection): string => test.socket.text.replaceAll(/[\x00-\x1f\x80-\xff]/g, "");

  it("keep the order in which they were sent, whatever it is", async () => {
    const topic = new Topic();
    const test = new TestConnection();
    topic.add(test.connection);
    test.connection.send("a");
    topic.publish("b");
    topic.publish("c");
    test.connection.send("d");
    topic.publish("e");
    test.connection.close();
    await settle();
    expect(sent(test)).toBe("abcde");
  });

  it("leave as one write of a buffer that all subscribers share", async () => {
    const topic = new Topic();
    const tests = Array.from({ length: 3 }, () => new TestConnection());
    const written: unknown[] = [];
    for (const { connection, socket } of tests) {
      topic.add(connection);
      socket.write = ((chunk: unknown) => written.push(chunk) > 0) as typeof socket.write;
    }
    topic.publish("a");
    topic.publish("b");
    await settle();
    expect(written).toHaveLength(3);
    expect(new Set(written).size).toBe(1);
    expect(Buffer.from(written[0] as Buffer).toString("hex")).toBe(textFrame("a") + textFrame("b"));
  });

  it("spare the excluded connection that one message and no other", async () => {
    const topic = new Topic();
    const [sender, other] = [new TestConnection(), new TestConnection()];
    for (const { connection } of [sender, other]) topic.add(connection);
    topic.publish("a");
    topic.publish("b", sender.connection);
    topic.publish("c");
    await settle();
    expect([sent(sender), sent(other)]).toEqual(["ac", "abc"]);
  });

  it("give a late subscriber only what is published after it came, and an early leaver what came before", async () => {
    const topic = new Topic();
    const [early, late] = [new TestConnection(), new TestConnection()];
    topic.add(early.connection);
    topic.publish("a");
    topic.add(late.connection);
    topic.publish("b");
    topic.delete(early.connection);
    topic.publish("c");
    await settle();
    expect([sent(early), sent(late)]).toEqual(["ab", "bc"]);
  });

  it("forget a connection that ends, and take none that has ended", async () => {
    let isEmpty = false;
    const topic = new Topic(() => {
      isEmpty = true;
    });
    const test = new TestConnection();
    topic.add(test.connection);
    test.connection.terminate();
    await settle();
    expect([topic.size, isEmpty, test.connection.topics.size]).toEqual([0, true, 0]);
    topic.add(test.connection);
    expect(topic.size).toBe(0);
  });

  it("send masked frames of its own to the server that a client subscribed", async () => {
    const topic = new Topic();
    const client = new TestConnection({ role: "client" });
    topic.add(client.connection);
    topic.publish("x");
    client.connection.sendPrepared(new PreparedMessage("y"));
    await settle();
    expect(client.socket.hex).toMatch(/^8181.{10}8181.{10}$/);
  });
});

describe("a streamed message (RFC 6455 §5.4)", () => {
  it("goes out in fragments; other messages wait behind it, pings and pongs do not", async () => {
    const test = new TestConnection();
    const stream = test.connection.stream("text");
    stream.write("one ");
    test.connection.send("behind");
    await test.receive("", { opcode: 9 });
    stream.write("two ");
    stream.end("three");
    await settle();
    const hex = (text: string): string => Buffer.from(text).toString("hex");
    expect(test.socket.hex).toBe(
      `0104${hex("one ")}8a000004${hex("two ")}8005${hex("three")}${textFrame("behind")}`,
    );
  });

  it("is one frame if it is ended at once", async () => {
    const test = new TestConnection();
    expect(test.connection.stream("binary").end(Buffer.from("x"))).toBe(true);
    await settle();
    expect(test.socket.hex).toBe("820178");
  });

  it("that is given up in the middle closes with 1011, and lets no other message into its rest", async () => {
    const test = new TestConnection({
      handlers: { failing: (connection) => void connection.send("goodbye") },
    });
    const stream = test.connection.stream("text");
    stream.write("half");
    test.connection.send("behind");
    stream.abort();
    expect([stream.write("x"), stream.end()]).toEqual([false, false]);
    await settle();
    expect(test.socket.hex).toMatch(/^010468616c6688..03f3/);
    expect(test.log).toContain("report message-stream-aborted");
  });

  it("that is given up before its first piece harms nothing", async () => {
    const test = new TestConnection();
    const stream = test.connection.stream("text");
    test.connection.send("behind");
    stream.abort();
    await settle();
    expect(test.socket.hex).toBe(textFrame("behind"));
    expect(test.connection.isOpen).toBe(true);
  });

  it("cannot be begun twice, nor after the end", () => {
    const { connection } = new TestConnection();
    connection.stream("text").write("x");
    expect(() => connection.stream("text")).toThrow(
      expect.objectContaining({ code: "send-while-streaming" }),
    );
    connection.close();
    expect(() => connection.stream("text")).toThrow(expect.objectContaining({ code: "send-after-close" }));
  });

  it("tells its writer when the connection sends no more", async () => {
    const test = new TestConnection();
    const stream = test.connection.stream("text");
    stream.write("x");
    await test.socket.deliver(closeFrame(1000));
    expect(stream.write("y")).toBe(false);
    expect(test.socket.hex).toBe("010178880203e8");
  });

  it("does not keep its own writer waiting because of what waits behind it", async () => {
    const test = new TestConnection({ lowWaterBytes: 100 });
    const stream = test.connection.stream("text");
    stream.write("x");
    test.connection.send("y".repeat(1000));
    await test.connection.ready();
    expect(test.connection.bufferedBytes).toBeGreaterThan(1000);
    stream.end();
    await test.connection.ready();
    expect(test.connection.bufferedBytes).toBe(0);
  });
});

describe("ping", () => {
  it("resolves with the round-trip time", async () => {
    const test = new TestConnection();
    const trip = test.connection.ping();
    await settle();
    const payload = test.socket.writes[0]!.subarray(2);
    await test.socket.deliver(frameOf(payload, { opcode: 10 }));
    await expect(trip).resolves.toBeGreaterThanOrEqual(0);
    expect(test.connection.roundTrip?.lastMs).toBe(await trip);
  });

  it("rejects when the connection ends first, or has ended", async () => {
    const test = new TestConnection();
    const trip = test.connection.ping();
    test.socket.destroy(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    await expect(trip).rejects.toMatchObject({ code: "tcp-reset" });
    await expect(test.connection.ping()).rejects.toMatchObject({ code: "send-after-close" });
  });

  it("between the fragments of a message is answered before the message", async () => {
    const test = new TestConnection({
      handlers: { message: (connection, data) => void connection.send(data) },
    });
    await test.socket.deliver(
      Buffer.concat([frameOf("a", { fin: false }), frameOf("p", { opcode: 9 }), frameOf("b", { opcode: 0 })]),
    );
    expect(test.socket.hex).toBe(`8a0170${textFrame("ab")}`);
  });

  it("of the peer is answered, but behind a backed-up socket only the latest", async () => {
    const test = new TestConnection();
    test.socket.isTaking = false;
    test.connection.send("x".repeat(2000));
    await settle();
    for (const text of ["a", "b", "c"]) await test.receive(text, { opcode: 9 });
    await test.socket.letPeerRead();
    expect(test.socket.hex.slice(-6)).toBe("8a0163");
    expect(test.socket.hex.match(/8a01/g)).toHaveLength(1);
  });

  it("floods end with 1008", async () => {
    const test = new TestConnection({ maxPingsPerSecond: 10 });
    await test.socket.deliver(Buffer.concat(Array.from({ length: 21 }, () => frameOf("", { opcode: 9 }))));
    expect(test.log).toContain("report ping-flood");
    expect(test.socket.hex).toMatch(/88..03f0/);
  });
});

describe("memory", () => {
  it("keeps no timer and no deadline of a closed connection", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const test = new TestConnection({ maxBytesPerSecond: 1 });
    await test.receive("x".repeat(5000));
    expect(vi.getTimerCount()).toBe(2);
    test.connection.terminate();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("leaves one listener of each kind on the socket, however much happens", async () => {
    const test = new TestConnection();
    const { connection, socket } = test;
    const counts = (): number[] =>
      ["data", "end", "error", "close", "drain"].map((event) => socket.listenerCount(event));
    const before = counts();
    const waiting: Promise<unknown>[] = [];
    for (let i = 0; i < 50; i += 1) {
      await test.receive("x");
      connection.send("y".repeat(20_000));
      waiting.push(connection.ready());
      connection.pause();
      connection.resume();
    }
    await Promise.all(waiting);
    expect(counts()).toEqual(before);
  });
});
