/** Connections that open, are told 101, and end: some at a time, one after the other for ever. */
import type { Socket } from "node:net";
import { closeFrame } from "./client-frames.ts";
import type { LoadCommand, Window } from "./load-commands.ts";
import { measureWindow } from "./measure-window.ts";
import { openRawSocket } from "./raw-socket.ts";
import { formatUpgrade } from "./upgrade-request.ts";

/** Measures completed connections. */
export async function measureHandshakes(
  command: Extract<LoadCommand, { do: "handshakes" }>,
): Promise<Window> {
  const { port, dialect, concurrency, ending, ...timing } = command;
  const head = formatUpgrade({ port, dialect, path: "/echo" });
  let completed = 0;
  let isOver = false;
  const openNext = (): void => {
    let isAnswered = false;
    const handlers = {
      onOpen: (socket: Socket) => void socket.write(head),
      onBytes: (socket: Socket) => {
        if (isAnswered) return;
        isAnswered = true;
        completed += 1;
        if (ending === "close") socket.write(closeFrame);
        else socket.end();
      },
      onEnd: () => {
        if (!isOver) openNext();
      },
    };
    openRawSocket(port, handlers, true);
  };
  for (let index = 0; index < concurrency; index += 1) openNext();
  const window = await measureWindow(timing, () => completed);
  isOver = true;
  return window;
}
