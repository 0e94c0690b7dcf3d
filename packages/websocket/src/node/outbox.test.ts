import { describe, expect, it } from "vitest";
import { FakeSocket, settle } from "../../../../test/support/fake-socket.ts";
import { maxWriteBytes, Outbox } from "./outbox.ts";

function createOutbox(): { outbox: Outbox; socket: FakeSocket } {
  const socket = new FakeSocket();
  return { outbox: new Outbox(socket), socket };
}

/** An outbox on a socket that is full: `stuck` is written and not taken. */
function createBackedUp(): { outbox: Outbox; socket: FakeSocket } {
  const made = createOutbox();
  made.socket.isTaking = false;
  made.outbox.write(Buffer.alloc(1024, "#"));
  return made;
}

const text = (letter: string, length = 1): Buffer => Buffer.alloc(length, letter);

describe("the outbox", () => {
  it("joins what is queued into one write", () => {
    const { outbox, socket } = createOutbox();
    for (const letter of "abc") outbox.push(text(letter));
    expect([outbox.queuedBytes, outbox.bufferedBytes]).toEqual([3, 3]);
    outbox.flush();
    expect(socket.writes.map(String)).toEqual(["abc"]);
    expect(outbox.bufferedBytes).toBe(0);
  });

  it("hands a single buffer over without copying it", () => {
    const { outbox, socket } = createOutbox();
    const seen: unknown[] = [];
    socket.write = ((chunk: unknown) => seen.push(chunk) > 0) as typeof socket.write;
    const shared = text("s", 500);
    outbox.push(shared);
    outbox.flush();
    outbox.write(shared);
    expect(seen).toEqual([shared, shared]);
    expect(seen.every((chunk) => chunk === shared)).toBe(true);
  });

  it("writes at once only where nothing waits before", () => {
    const { outbox, socket } = createOutbox();
    expect(outbox.write(text("a"))).toBe(true);
    outbox.push(text("b"));
    expect(outbox.write(text("c"))).toBe(false);
    outbox.flush();
    expect(socket.writes.map(String)).toEqual(["a", "bc"]);
  });

  it("keeps frames while the socket is backed up, and hands them over when it has drained", async () => {
    const { outbox, socket } = createBackedUp();
    outbox.push(text("a"));
    outbox.flush();
    expect(outbox.queuedBytes).toBe(1);
    await socket.letPeerRead();
    outbox.flush();
    expect(socket.text).toBe(`${"#".repeat(1024)}a`);
  });

  it("goes on within a turn as long as the kernel takes everything", () => {
    const { outbox, socket } = createOutbox();
    outbox.push(text("a", 3 * maxWriteBytes + 5));
    outbox.flush();
    expect(socket.writes.map(({ length }) => length)).toEqual([
      maxWriteBytes,
      maxWriteBytes,
      maxWriteBytes,
      5,
    ]);
  });

  it("shows progress in the middle of a large frame, and never mixes it with others", async () => {
    const { outbox, socket } = createOutbox();
    socket.isTaking = false;
    const large = Buffer.concat([text("1", maxWriteBytes), text("2", maxWriteBytes), text("3", 10)]);
    outbox.push(large);
    outbox.push(text("z"));
    outbox.flush();
    expect(outbox.queuedBytes).toBe(maxWriteBytes + 11);
    await socket.letPeerRead({ onlyOne: true });
    outbox.flush();
    await socket.letPeerRead();
    outbox.flush();
    expect(socket.text).toBe(`${large.toString()}z`);
    expect(outbox.bufferedBytes).toBe(0);
  });

  it("writes many small frames in portions", async () => {
    const { outbox, socket } = createBackedUp();
    const count = Math.ceil((2.5 * maxWriteBytes) / 1000);
    for (let i = 0; i < count; i += 1) outbox.push(text(String(i % 10), 1000));
    await socket.letPeerRead();
    outbox.flush();
    const [, ...portions] = socket.writes;
    expect(portions).toHaveLength(3);
    for (const { length } of portions) expect(length % 1000).toBe(0);
    expect(portions.reduce((sum, { length }) => sum + length, 0)).toBe(count * 1000);
  });

  it("hands over everything before the end, backed up or not", async () => {
    const { outbox, socket } = createBackedUp();
    outbox.push(text("a"));
    outbox.push(text("b"));
    outbox.flushAll();
    expect(outbox.queuedBytes).toBe(0);
    await socket.letPeerRead();
    expect(socket.text.endsWith("#ab")).toBe(true);
  });

  it("drops what is queued once the socket has ended", async () => {
    const { outbox, socket } = createOutbox();
    socket.end();
    await settle();
    outbox.push(text("a"));
    outbox.flush();
    outbox.push(text("b"));
    outbox.flushAll();
    expect([socket.text, outbox.queuedBytes]).toEqual(["", 0]);
  });

  describe("dropping", () => {
    it("takes the oldest messages until it fits", async () => {
      const { outbox, socket } = createBackedUp();
      for (const letter of "abcd") outbox.push(text(letter, 10));
      expect(outbox.dropOldest(1024 + 25)).toBe(2);
      expect(outbox.queuedBytes).toBe(20);
      await socket.letPeerRead();
      outbox.flush();
      expect(socket.text.slice(1024)).toBe("c".repeat(10) + "d".repeat(10));
    });

    it("never takes control frames, fragments, or the rest of a frame that was begun", async () => {
      const { outbox, socket } = createOutbox();
      socket.isTaking = false;
      outbox.push(text("L", maxWriteBytes + 100));
      outbox.flush();
      outbox.push(text("a", 10));
      outbox.pushKept(text("!", 2));
      outbox.push(text("b", 10));
      expect(outbox.dropOldest(0)).toBe(2);
      expect(outbox.queuedBytes).toBe(102);
      await socket.letPeerRead();
      outbox.flush();
      expect(socket.text.slice(maxWriteBytes)).toBe(`${"L".repeat(100)}!!`);
    });

    it("holds no frame longer than it waits", async () => {
      const { outbox, socket } = createBackedUp();
      for (let i = 0; i < 3; i += 1) outbox.pushKept(text("k", maxWriteBytes));
      await socket.letPeerRead();
      outbox.flush();
      outbox.push(text("a"));
      expect(outbox.dropOldest(0)).toBe(1);
    });
  });

  describe("coalescing", () => {
    it("replaces the frame that waits under the same key, in its place", async () => {
      const { outbox, socket } = createBackedUp();
      outbox.pushKeyed(text("1", 3), "price");
      outbox.push(text("x"));
      expect([outbox.waitingBytes("price"), outbox.waitingBytes("other")]).toEqual([3, 0]);
      outbox.pushKeyed(text("2", 5), "price");
      outbox.pushKeyed(text("o"), "other");
      expect(outbox.queuedBytes).toBe(7);
      await socket.letPeerRead();
      outbox.flush();
      expect(socket.text.slice(1024)).toBe("22222xo");
      outbox.pushKeyed(text("3"), "price");
      outbox.flush();
      expect(socket.text.slice(1024)).toBe("22222xo3");
    });

    it("queues anew what was dropped, and keeps nothing of it", () => {
      const { outbox } = createBackedUp();
      outbox.pushKeyed(text("1", 9), "price");
      outbox.dropOldest(0);
      expect(outbox.waitingBytes("price")).toBe(0);
      outbox.pushKeyed(text("2", 4), "price");
      expect(outbox.queuedBytes).toBe(4);
    });

    it("does not replace a frame of which the start is written", () => {
      const { outbox, socket } = createOutbox();
      socket.isTaking = false;
      outbox.pushKeyed(text("1", maxWriteBytes + 7), "price");
      outbox.flush();
      expect(outbox.waitingBytes("price")).toBe(0);
      outbox.pushKeyed(text("2", 4), "price");
      expect(outbox.queuedBytes).toBe(11);
    });
  });
});
