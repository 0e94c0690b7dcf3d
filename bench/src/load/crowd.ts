/** Many open connections. Once they are open, bytes are counted, or handed to the reader of the scenario. */
import type { Socket } from "node:net";
import type { Dialect } from "./load-commands.ts";
import { openingSteps } from "./opening-steps.ts";
import { openRawSocket } from "./raw-socket.ts";
import { formatUpgrade } from "./upgrade-request.ts";

/** One connection of a crowd. */
export interface Member {
  readonly socket: Socket;
  /** Free for the reader of a scenario. */
  pendingBytes: number;
}

export type CrowdReader = (member: Member, length: number, buffer: Buffer) => void;

export interface CrowdOptions {
  readonly port: number;
  readonly dialect: Dialect;
  readonly path: string;
  readonly connections: number;
  readonly deflate?: boolean;
}

const opensAtOnce = 128;
const openTimeoutMs = 30_000;
/** Refusals are worth showing, whole responses are not. */
const shownCharacters = 300;

export class Crowd {
  readonly dialect: Dialect;
  readonly members: Member[] = [];
  /** Bytes since the connections are open. */
  receivedBytes = 0;
  /** Replaces counting. */
  reader: CrowdReader | undefined;
  #lost = 0;

  private constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  /** Opens the connections. Rejects if one is refused or takes too long. */
  static async open(options: CrowdOptions): Promise<Crowd> {
    const crowd = new Crowd(options.dialect);
    const head = formatUpgrade(options);
    let remaining = options.connections;
    const openSome = async (): Promise<void> => {
      while (remaining > 0) {
        remaining -= 1;
        await crowd.#openOne(options, head);
      }
    };
    await Promise.all(Array.from({ length: opensAtOnce }, openSome));
    return crowd;
  }

  /** Connections that the server has ended. */
  get lost(): number {
    return this.#lost;
  }

  #openOne({ port, dialect, connections }: CrowdOptions, head: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const steps = [...openingSteps[dialect]];
      let unread = "";
      let member: Member | undefined;
      const fail = (problem: string): void =>
        reject(new Error(`${problem}: ${unread.slice(0, shownCharacters)}`));
      const timer = setTimeout(() => fail("a connection did not open in time"), openTimeoutMs);
      const readOpening = (socket: Socket, text: string): void => {
        unread += text;
        for (let step = steps[0]; step !== undefined; step = steps[0]) {
          const at = unread.indexOf(step.awaits);
          if (at < 0) return;
          unread = unread.slice(at + step.awaits.length);
          if (step.sends) socket.write(step.sends);
          steps.shift();
        }
        clearTimeout(timer);
        member = { socket, pendingBytes: 0 };
        this.members.push(member);
        resolve();
      };
      const handlers = {
        onOpen: (socket: Socket) => void socket.write(head),
        onBytes: (socket: Socket, length: number, buffer: Buffer) => {
          if (member === undefined) {
            readOpening(socket, buffer.toString("latin1", 0, length));
          } else {
            this.receivedBytes += length;
            this.reader?.(member, length, buffer);
          }
        },
        onEnd: () => {
          this.#lost += 1;
          if (member === undefined) fail("a connection was refused");
        },
      };
      openRawSocket(port, handlers, connections > 5000);
    });
  }
}
