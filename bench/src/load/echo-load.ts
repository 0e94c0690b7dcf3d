/** Echo in a closed loop: each connection keeps a number of messages in flight. */
import { encodeCompressedText, encodeText } from "./client-frames.ts";
import type { Crowd } from "./crowd.ts";
import type { Timing, Window } from "./load-commands.ts";
import { measureWindow, waitUntilStill } from "./measure-window.ts";
import { wrapMessage } from "./opening-steps.ts";

/** Measures round trips. */
export async function measureEcho(
  crowd: Crowd,
  { bytes, depth, ...timing }: { bytes: number; depth: number } & Timing,
): Promise<Window> {
  const frame = encodeText(wrapMessage(crowd.dialect, "x".repeat(bytes)));
  const replyBytes = await measureReply(crowd, frame);
  // Ready-made buffers of 1, 2, … frames, so that answers to several replies leave in one write.
  const frames = Array.from({ length: depth }, (_, index) =>
    Buffer.concat(Array.from({ length: index + 1 }, () => frame)),
  );
  let roundTrips = 0;
  let isOver = false;
  crowd.reader = (member, length) => {
    member.pendingBytes += length;
    const replies = Math.trunc(member.pendingBytes / replyBytes);
    if (replies === 0) return;
    member.pendingBytes -= replies * replyBytes;
    roundTrips += replies;
    if (!isOver) member.socket.write(frames[replies - 1]!);
  };
  for (const member of crowd.members) {
    member.pendingBytes = 0;
    member.socket.write(frames[depth - 1]!);
  }
  const window = await measureWindow(timing, () => roundTrips);
  isOver = true;
  await waitUntilStill(() => crowd.receivedBytes);
  crowd.reader = undefined;
  return { ...window, frameBytes: replyBytes };
}

async function measureReply(crowd: Crowd, frame: Buffer): Promise<number> {
  const before = await waitUntilStill(() => crowd.receivedBytes);
  crowd.members[0]?.socket.write(frame);
  return (await waitUntilStill(() => crowd.receivedBytes)) - before;
}

/** One message on each connection, and its echo: what a connection costs that has been used once. */
export async function greet(crowd: Crowd, isDeflated: boolean): Promise<void> {
  // Above the size from which servers compress.
  const message = JSON.stringify({ greeting: "hello, I will be quiet from now on. ".repeat(56) });
  const frame = isDeflated
    ? encodeCompressedText(message)
    : encodeText(wrapMessage(crowd.dialect, message.slice(0, 200)));
  for (const [index, { socket }] of crowd.members.entries()) {
    socket.write(frame);
    // Servers that compress on threads need a moment now and then.
    if (index % 500 === 499) await waitUntilStill(() => crowd.receivedBytes, 30);
  }
  await waitUntilStill(() => crowd.receivedBytes);
}
