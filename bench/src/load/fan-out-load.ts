/**
 * Fan-out in a closed loop: a control connection asks the server for turns of publishes, always a few ahead of what has
 * arrived, so that the server has work at every moment and never more than the kernel can hold.
 */
import { encodeText } from "./client-frames.ts";
import { Crowd } from "./crowd.ts";
import type { LoadCommand, Window } from "./load-commands.ts";
import { measureWindow, waitUntil, waitUntilStill } from "./measure-window.ts";
import { wrapMessage } from "./opening-steps.ts";

/** Deliveries that one request stands for at least, so that the request itself costs nothing that shows. */
const deliveriesPerRequest = 4000;

/** Measures deliveries. */
export async function measureFanOut(
  crowd: Crowd,
  port: number,
  { bytes, kind, perTurn, ...timing }: Extract<LoadCommand, { do: "fan-out" }>,
): Promise<Window> {
  const control = await Crowd.open({ port, dialect: crowd.dialect, path: "/control", connections: 1 });
  const socket = control.members[0]!.socket;
  const ask = (turns: number, publishes: number): void => {
    const request = `${turns} ${publishes} ${bytes} ${kind}`;
    socket.write(encodeText(wrapMessage(crowd.dialect, request)));
  };
  const receivers = crowd.members.length;
  const frameBytes = await measureFrame(crowd, () => ask(1, 1));
  const turnBytes = frameBytes * receivers * perTurn;
  const turnsPerRequest = Math.ceil(deliveriesPerRequest / (receivers * perTurn));
  const start = crowd.receivedBytes;
  let asked = 0;
  let isOver = false;
  const askAhead = (): void => {
    const ahead = asked - (crowd.receivedBytes - start) / turnBytes;
    if (isOver || ahead > turnsPerRequest) return;
    asked += turnsPerRequest;
    ask(turnsPerRequest, perTurn);
  };
  askAhead();
  askAhead();
  crowd.reader = askAhead;
  const window = await measureWindow(timing, () => (crowd.receivedBytes - start) / frameBytes);
  isOver = true;
  const missing = (): number => asked * perTurn * receivers - (crowd.receivedBytes - start) / frameBytes;
  await waitUntil(() => missing() === 0);
  crowd.reader = undefined;
  socket.destroy();
  if (missing() !== 0) throw new Error(`${missing()} of the published messages did not arrive`);
  return { ...window, frameBytes };
}

/** Bytes of one message on one connection, found by sending it. */
async function measureFrame(crowd: Crowd, publishOne: () => void): Promise<number> {
  const before = await waitUntilStill(() => crowd.receivedBytes);
  publishOne();
  await waitUntil(() => crowd.receivedBytes > before);
  const bytes = (await waitUntilStill(() => crowd.receivedBytes)) - before;
  const frameBytes = bytes / crowd.members.length;
  if (frameBytes > 0 && Number.isInteger(frameBytes)) return frameBytes;
  throw new Error(`a message arrived as ${bytes} bytes on ${crowd.members.length} connections`);
}
