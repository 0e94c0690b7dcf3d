/** Echo in a closed loop: each connection keeps a number of messages in flight. */
import { encodeCompressedText, encodeText, serverFrameBytes } from "./client-frames.ts";
import type { Crowd, Member } from "./crowd.ts";
import type { Timing, Window } from "./load-commands.ts";
import { measureWindow, waitUntil } from "./measure-window.ts";
import { wrapMessage } from "./opening-steps.ts";

/** Measures round trips. */
export async function measureEcho(
  crowd: Crowd,
  { bytes, depth, ...timing }: { bytes: number; depth: number } & Timing,
): Promise<Window> {
  const message = wrapMessage(crowd.dialect, "x".repeat(bytes));
  const frame = encodeText(message);
  const replyBytes = serverFrameBytes(message.length);
  // Ready-made buffers of 1, 2, … frames, so that answers to several replies leave in one write.
  const frames = Array.from({ length: depth }, (_, index) =>
    Buffer.concat(Array.from({ length: index + 1 }, () => frame)),
  );
  const before = crowd.receivedBytes;
  let sent = 0;
  let roundTrips = 0;
  let isOver = false;
  crowd.reader = (member, length) => {
    member.pendingBytes += length;
    const replies = Math.trunc(member.pendingBytes / replyBytes);
    if (replies === 0) return;
    member.pendingBytes -= replies * replyBytes;
    roundTrips += replies;
    if (isOver) return;
    sent += replies;
    member.socket.write(frames[replies - 1]!);
  };
  for (const member of crowd.members) {
    member.pendingBytes = 0;
    sent += depth;
    member.socket.write(frames[depth - 1]!);
  }
  const window = await measureWindow(timing, () => roundTrips);
  isOver = true;
  await waitUntil(() => roundTrips === sent);
  crowd.reader = undefined;
  const missingBytes = sent * replyBytes - (crowd.receivedBytes - before);
  if (missingBytes !== 0) throw new Error(`${missingBytes} bytes of ${sent} echoes did not arrive`);
  return { ...window, frameBytes: replyBytes };
}

/** One message on each connection, and its echo: what a connection costs that has been used once. */
export async function greet(crowd: Crowd, isDeflated: boolean): Promise<void> {
  // Above the size from which servers compress.
  const message = JSON.stringify({ greeting: "hello, I will be quiet from now on. ".repeat(56) });
  const plain = wrapMessage(crowd.dialect, message.slice(0, 200));
  const frame = isDeflated ? encodeCompressedText(message) : encodeText(plain);
  const echoed = new Set<Member>();
  crowd.reader = (member) => echoed.add(member);
  for (const [index, { socket }] of crowd.members.entries()) {
    socket.write(frame);
    // Servers that compress on threads must not be given all at once.
    if (index % 500 === 499) await waitUntil(() => echoed.size > index);
  }
  await waitUntil(() => echoed.size === crowd.members.length);
  crowd.reader = undefined;
  const missing = crowd.members.length - echoed.size;
  if (missing > 0) throw new Error(`${missing} of ${crowd.members.length} connections got no echo`);
}
