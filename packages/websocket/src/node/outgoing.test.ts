import { inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createDeferred } from "../../../../test/support/deferred.ts";
import { type ConnectionOptions, frameOf, TestConnection } from "../../../../test/support/test-connection.ts";
import { settle } from "../../../../test/support/fake-socket.ts";

/** A connection whose socket has taken its fill, so that everything from here on waits in the outbox. */
async function createBackedUp(options: ConnectionOptions = {}): Promise<TestConnection> {
  const test = new TestConnection({
    highWaterBytes: 1000,
    lowWaterBytes: 200,
    maxBufferedBytes: 4000,
    ...options,
  });
  test.socket.isTaking = false;
  test.connection.send("#".repeat(1100));
  await settle();
  test.log.length = 0;
  return test;
}

/** The first letters of the messages that were written. */
function written({ socket }: TestConnection): string {
  const bytes = Buffer.concat(socket.writes);
  let letters = "";
  for (let at = 0; at < bytes.length; ) {
    const short = bytes[at + 1]!;
    const length = short < 126 ? short : bytes.readUInt16BE(at + 2);
    const start = at + (short < 126 ? 2 : 4);
    letters += bytes[at] === 0x81 ? String.fromCharCode(bytes[start]!) : "!";
    at = start + length;
  }
  return letters;
}

describe("sending", () => {
  it("answers `sent`, then `queued` above the high-water mark, and tells when it is below the low one", async () => {
    const test = new TestConnection({ highWaterBytes: 1000, lowWaterBytes: 200 });
    test.socket.isTaking = false;
    expect(test.connection.send("a".repeat(900))).toBe("sent");
    expect(test.connection.send("b".repeat(900))).toBe("queued");
    await settle();
    expect(test.log).toEqual(["open"]);
    await test.socket.letPeerRead();
    expect(test.log).toEqual(["open", "drain"]);
    await settle();
    expect(test.log).toEqual(["open", "drain"]);
  });

  it("tells of a drain also where the marks lie far below the socket's own", async () => {
    const test = new TestConnection({ highWaterBytes: 100, lowWaterBytes: 10, highWaterMark: 1_000_000 });
    test.socket.isTaking = false;
    expect(test.connection.send("a".repeat(500))).toBe("queued");
    await settle();
    expect([test.log, test.connection.bufferedBytes]).toEqual([["open"], 504]);
    await test.socket.letPeerRead();
    expect(test.log).toEqual(["open", "drain"]);
  });

  it("tells of a drain in a later turn, never inside send", async () => {
    const test = new TestConnection({ highWaterBytes: 10, lowWaterBytes: 10 });
    expect(test.connection.send("a".repeat(5000))).toBe("queued");
    expect(test.log).toEqual(["open"]);
    await settle();
    expect(test.log).toEqual(["open", "drain"]);
  });

  it("resolves ready() when enough has drained, whatever the marks", async () => {
    for (const highWaterMark of [100, 1_000_000]) {
      const test = new TestConnection({ lowWaterBytes: 50, highWaterMark });
      await test.connection.ready();
      test.socket.isTaking = false;
      test.connection.send("a".repeat(500));
      let isReady = false;
      const waitForReady = async (): Promise<void> => {
        await test.connection.ready();
        isReady = true;
      };
      const ready = waitForReady();
      await settle();
      expect(isReady).toBe(false);
      await test.socket.letPeerRead();
      await ready;
      expect(test.connection.bufferedBytes).toBe(0);
    }
  });

  it("resolves ready() when the connection ends", async () => {
    const test = await createBackedUp();
    const ready = test.connection.ready();
    test.connection.terminate();
    await ready;
    await test.connection.ready();
  });

  it("does not throw or write after the end", async () => {
    const test = new TestConnection();
    test.connection.send("late");
    test.socket.destroy();
    await settle();
    expect(test.connection.send("later")).toBe("closed");
    expect(test.socket.text).toBe("");
  });
});

describe("a slow consumer", () => {
  it("gets any one message, whatever its size, while nothing is buffered", async () => {
    const test = new TestConnection({ maxBufferedBytes: 100 });
    expect(test.connection.send("a".repeat(5000))).toBe("sent");
    await settle();
    expect(test.connection.isOpen).toBe(true);
  });

  it("is closed at twice the limit with 1013, and what waits gives way to the last words", async () => {
    const test = await createBackedUp({
      slowConsumer: "close",
      handlers: { failing: (connection) => void connection.send("goodbye") },
    });
    for (const letter of "abcdefg") test.connection.send(letter.repeat(1000));
    expect(test.log).toEqual(["failing slow-consumer", "report slow-consumer"]);
    await test.socket.letPeerRead();
    expect(written(test)).toBe("#g!");
    expect(test.socket.writes.at(-1)!.toString("latin1")).toMatch(/\u0003\u00f5slow-consumer$/);
  });

  it("loses the newest message under `drop-newest`, and hears of it once a second at most", async () => {
    const test = await createBackedUp({ slowConsumer: "drop-newest" });
    const results = Array.from("abcde", (letter) => test.connection.send(letter.repeat(900)));
    expect(results).toEqual(["queued", "queued", "queued", "dropped", "dropped"]);
    test.connection.onDeadline(test.wheel.now());
    const told = test.log.filter((line) => line === "warning message-dropped-by-policy");
    expect(told).toHaveLength(1);
    await test.socket.letPeerRead();
    expect(written(test)).toBe("#abc");
    expect(test.connection.isOpen).toBe(true);
  });

  it("loses the oldest messages under `drop-oldest`, and no control frame", async () => {
    const test = await createBackedUp({ slowConsumer: "drop-oldest" });
    test.connection.send("a".repeat(900));
    void test.connection.ping().catch(() => {});
    for (const letter of "bcdef") test.connection.send(letter.repeat(900));
    expect(test.connection.bufferedBytes).toBeLessThanOrEqual(4000);
    await test.socket.letPeerRead();
    expect(written(test)).toBe("#!def");
  });

  it("loses messages behind a streamed one under `drop-oldest`, and none of its fragments", async () => {
    const test = await createBackedUp({ slowConsumer: "drop-oldest" });
    const stream = test.connection.stream("text");
    stream.write("1".repeat(500));
    for (const letter of "abcdef") test.connection.send(letter.repeat(900));
    expect(test.connection.bufferedBytes).toBeLessThanOrEqual(4000);
    stream.end("2");
    await test.socket.letPeerRead();
    expect(Buffer.concat(test.socket.writes).includes("1".repeat(500))).toBe(true);
    expect(test.socket.text.replaceAll(/[^a-f]/g, "").replaceAll(/(.)\1+/g, "$1")).toBe("ef");
  });

  it("is cut off at the limit under `terminate`", async () => {
    const test = await createBackedUp({ slowConsumer: "terminate" });
    for (const letter of "abcd") test.connection.send(letter.repeat(1000));
    await settle();
    expect(test.log).toEqual(["failing slow-consumer", "report slow-consumer", "unregistered", "close"]);
    expect(test.report).toMatchObject({ code: 1006, tcp: "destroyed", failure: { name: "slow-consumer" } });
  });

  it("gets the latest of messages with one key", async () => {
    const test = await createBackedUp({ slowConsumer: "close" });
    for (const letter of "abcdefghijkl") test.connection.send(letter.repeat(1500), { coalesceKey: "price" });
    test.connection.send("z");
    await test.socket.letPeerRead();
    expect(written(test)).toBe("#lz");
    expect(test.connection.isOpen).toBe(true);
  });

  it("drops the share of a topic under its own policy, and nobody else's", async () => {
    const { Topic } = await import("./topic.ts");
    const topic = new Topic();
    const slow = await createBackedUp({ slowConsumer: "drop-newest" });
    const fast = new TestConnection();
    for (const { connection } of [slow, fast]) topic.add(connection);
    for (const letter of "abcdef") {
      topic.publish(letter.repeat(900));
      await settle();
    }
    await slow.socket.letPeerRead();
    expect([written(slow), written(fast)]).toEqual(["#abc", "abcdef"]);
  });
});

describe("compression", () => {
  const takeover = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  };
  const noTakeover = { ...takeover, serverNoContextTakeover: true };
  const repeated = "the same words again ".repeat(20);

  it("leaves messages below the threshold as they are, and those that must not be compressed", async () => {
    const test = new TestConnection({ deflate: noTakeover, thresholdBytes: 100 });
    test.connection.send("short");
    test.connection.send(repeated, { compress: false });
    test.connection.send(repeated);
    test.connection.send("tiny", { compress: true });
    await settle();
    const bytes = Buffer.concat(test.socket.writes);
    expect([bytes[0], bytes[7]]).toEqual([0x81, 0x81]);
    const compressed = bytes.subarray(7 + 4 + repeated.length);
    expect(compressed[0]).toBe(0xc1);
    const payload = compressed.subarray(2, 2 + compressed[1]!);
    const inflated = inflateRawSync(
      Buffer.concat([payload, Buffer.from("000000ffff010000ffff", "hex").subarray(1)]),
    );
    expect(inflated.toString()).toBe(repeated);
  });

  it.each([
    ["under drop-oldest", { slowConsumer: "drop-oldest" }, {}],
    ["that can be replaced", {}, { coalesceKey: "k" }],
  ] as const)(
    "does not touch a message %s if later ones would refer back to it",
    async (_, settings, options) => {
      const test = new TestConnection({ deflate: takeover, thresholdBytes: 10, ...settings });
      test.connection.send(repeated, options);
      await settle();
      expect(test.socket.writes[0]![0]).toBe(0x81);
      const shareable = new TestConnection({ deflate: noTakeover, thresholdBytes: 10, ...settings });
      shareable.connection.send(repeated, options);
      await settle();
      expect(shareable.socket.writes[0]![0]).toBe(0xc1);
    },
  );
});

describe("the rate of reading", () => {
  it("lets messages wait and loses none", async () => {
    const done = createDeferred();
    const test = new TestConnection({
      maxMessagesPerSecond: 200,
      handlers: {
        message(_, data) {
          if (data === "last") done.resolve();
        },
      },
    });
    const startedAt = performance.now();
    const frames = Array.from({ length: 420 }, (_, at) => frameOf(String(at)));
    test.socket.push(Buffer.concat([...frames, frameOf("last")]));
    await settle();
    expect(test.log.length).toBeLessThan(410);
    expect(test.connection.isOpen).toBe(true);
    await done.promise;
    expect(performance.now() - startedAt).toBeGreaterThan(90);
    expect(test.log.filter((line) => line.startsWith("message"))).toHaveLength(421);
  });
});
