/**
 * Signed publishes over kept-alive connections. Without subscribers, each publisher waits for its answer. With subscribers,
 * a publisher also waits while too many deliveries are under way.
 */
import type { Socket } from "node:net";
import type { Crowd } from "./crowd.ts";
import type { LoadCommand, Window } from "./load-commands.ts";
import { measureWindow, waitUntil, waitUntilStill } from "./measure-window.ts";
import { openRawSocket } from "./raw-socket.ts";
import { formatSignedPublish } from "./signed-request.ts";

const differentRequests = 64;
/** Deliveries under way at most. */
const deliveriesAhead = 8000;
const okay = "HTTP/1.1 200";

interface Publisher {
  readonly socket: Socket;
  pendingBytes: number;
  isWaiting: boolean;
}

/** Measures requests without a crowd, and deliveries with one. */
export async function measurePublishes(
  crowd: Crowd | undefined,
  command: Extract<LoadCommand, { do: "publish" }>,
): Promise<Window> {
  const { port, publishers, eventsPerRequest, bytes, ...timing } = command;
  const requests = Array.from({ length: differentRequests }, (_, serial) =>
    formatSignedPublish({ port, eventsPerRequest, bytes }, serial),
  );
  const { answerBytes, deliveredBytes } = await tryOnce(port, requests[0]!, crowd);
  const receivers = crowd?.members.length ?? 0;
  const requestsAhead = crowd
    ? Math.max(2, Math.ceil(deliveriesAhead / (receivers * eventsPerRequest)))
    : Infinity;
  const start = crowd?.receivedBytes ?? 0;
  let sent = 0;
  let answered = 0;
  let isOver = false;
  const delivered = (): number => (crowd ? (crowd.receivedBytes - start) / deliveredBytes : answered);
  const send = (publisher: Publisher): void => {
    publisher.isWaiting = isOver || sent - delivered() >= requestsAhead;
    if (publisher.isWaiting) return;
    publisher.socket.write(requests[sent % differentRequests]!);
    sent += 1;
  };
  const crew: Publisher[] = [];
  for (let index = 0; index < publishers; index += 1) {
    const publisher = await openPublisher(port, (self, length) => {
      self.pendingBytes += length;
      if (self.pendingBytes < answerBytes) return;
      self.pendingBytes -= answerBytes;
      answered += 1;
      send(self);
    });
    crew.push(publisher);
  }
  if (crowd) {
    crowd.reader = () => {
      for (const publisher of crew) if (publisher.isWaiting) send(publisher);
    };
  }
  for (const publisher of crew) send(publisher);
  const window = await measureWindow(
    timing,
    crowd ? () => delivered() * receivers * eventsPerRequest : () => answered,
  );
  isOver = true;
  await waitUntil(() => answered === sent && delivered() === sent);
  if (crowd) crowd.reader = undefined;
  for (const { socket } of crew) socket.destroy();
  if (answered !== sent) throw new Error(`${sent - answered} of ${sent} requests were not answered`);
  if (delivered() !== sent) throw new Error(`${sent - delivered()} of ${sent} publishes did not arrive`);
  return { ...window, ...(crowd && { frameBytes: deliveredBytes / receivers / eventsPerRequest }) };
}

/** One request, to see that it is taken, how long its answer is, and how many bytes the crowd gets of it. */
async function tryOnce(
  port: number,
  request: Buffer,
  crowd: Crowd | undefined,
): Promise<{ answerBytes: number; deliveredBytes: number }> {
  const before = await waitUntilStill(() => crowd?.receivedBytes ?? 0);
  let answer = "";
  const { socket } = await openPublisher(port, (_self, length, buffer) => {
    answer += buffer.toString("latin1", 0, length);
  });
  socket.write(request);
  await waitUntil(() => answer !== "" && (crowd === undefined || crowd.receivedBytes > before));
  await waitUntilStill(() => answer.length + (crowd?.receivedBytes ?? 0));
  socket.destroy();
  if (!answer.startsWith(okay)) throw new Error(`a signed publish was refused: ${answer.slice(0, 300)}`);
  return { answerBytes: answer.length, deliveredBytes: (crowd?.receivedBytes ?? 0) - before };
}

function openPublisher(
  port: number,
  onBytes: (publisher: Publisher, length: number, buffer: Buffer) => void,
): Promise<Publisher> {
  return new Promise((resolve) => {
    let publisher: Publisher | undefined;
    openRawSocket(port, {
      onOpen(socket) {
        publisher = { socket, pendingBytes: 0, isWaiting: false };
        resolve(publisher);
      },
      onBytes: (_socket, length, buffer) => publisher && onBytes(publisher, length, buffer),
    });
  });
}
