/**
 * A TCP proxy that does what bad networks do: splits into single bytes, joins, delays, stalls, half-closes, resets. Each
 * direction has its own fault, which can be changed while the link is in use.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export type Direction = "toServer" | "toClient";

export type Fault =
  | { readonly kind: "none" }
  /** Every byte in a segment of its own. */
  | { readonly kind: "split" }
  /** Everything that comes within this time leaves together. */
  | { readonly kind: "merge"; readonly withinMs: number }
  /** Everything arrives this much later, in order. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Nothing is read until the fault changes: the sender's window fills up. */
  | { readonly kind: "stall" }
  /** What comes is lost, and ends and resets with it: neither side learns anything. */
  | { readonly kind: "drop" };

const none: Fault = { kind: "none" };

/** One direction of one connection. */
class Pipe {
  readonly #source: Socket;
  readonly #target: Socket;
  #fault: Fault = none;
  #queue: Promise<void> = Promise.resolve();
  #held: Buffer[] = [];

  constructor(source: Socket, target: Socket) {
    this.#source = source;
    this.#target = target;
    source.on("data", (chunk: Buffer) => this.#pass(chunk));
    source.on("end", () => this.#then(() => void (this.isCut || target.end())));
  }

  get isCut(): boolean {
    return this.#fault.kind === "drop";
  }

  apply(fault: Fault): void {
    this.#fault = fault;
    if (fault.kind === "stall") this.#source.pause();
    else this.#source.resume();
  }

  #pass(chunk: Buffer): void {
    const fault = this.#fault;
    switch (fault.kind) {
      case "split":
        for (const byte of chunk) this.#then(() => this.#writeAlone(Buffer.from([byte])));
        return;
      case "merge":
        this.#held.push(chunk);
        if (this.#held.length === 1) {
          this.#then(async () => {
            await wait(fault.withinMs);
            const held = Buffer.concat(this.#held);
            this.#held = [];
            this.#write(held);
          });
        }
        return;
      case "delay": {
        const due = performance.now() + fault.ms;
        this.#then(async () => {
          await wait(due - performance.now());
          this.#write(chunk);
        });
        return;
      }
      case "drop":
        return;
      default:
        this.#then(() => this.#write(chunk));
    }
  }

  #then(step: () => void | Promise<void>): void {
    this.#queue = this.#queue.then(step);
  }

  /** Without Nagle, what is written in a turn of its own leaves as a segment of its own. */
  async #writeAlone(bytes: Buffer): Promise<void> {
    this.#write(bytes);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  #write(bytes: Buffer): void {
    if (!this.#target.writable || this.#target.write(bytes)) return;
    this.#source.pause();
    this.#target.once("drain", () => this.apply(this.#fault));
  }
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly pipes: Readonly<Record<Direction, Pipe>>;
}

export class FaultLink {
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #faults: Record<Direction, Fault> = { toServer: none, toClient: none };

  constructor(targetPort: number) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const server = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
      const pipes = { toServer: new Pipe(client, server), toClient: new Pipe(server, client) };
      const link: Link = { client, server, pipes };
      this.#links.add(link);
      for (const [direction, pipe] of Object.entries(pipes)) pipe.apply(this.#faults[direction as Direction]);
      // A reset on one side is a reset on the other.
      const relay = (from: Socket, to: Socket, pipe: Pipe): void => {
        from.on("error", () => pipe.isCut || to.resetAndDestroy());
        from.on("close", () => {
          if (pipe.isCut) return;
          this.#links.delete(link);
          if (!to.writableEnded) to.destroy();
        });
      };
      relay(client, server, pipes.toServer);
      relay(server, client, pipes.toClient);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that run through the link. */
  get size(): number {
    return this.#links.size;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  /** What happens to bytes from now on, on open connections and on later ones. */
  set(direction: Direction, fault: Fault): void {
    this.#faults = { ...this.#faults, [direction]: fault };
    for (const { pipes } of this.#links) pipes[direction].apply(fault);
  }

  /** Ends one half of every connection: its receiver sees a FIN, and goes on sending. */
  halfClose(direction: Direction): void {
    for (const { client, server } of this.#links) (direction === "toServer" ? server : client).end();
  }

  /** The server's side of every connection is over, and the client learns nothing of it, nor anything else. */
  halfOpen(): void {
    this.set("toClient", { kind: "drop" });
    for (const { server } of this.#links) server.destroy();
  }

  /** Cuts every connection with a reset on both sides. */
  reset(): void {
    for (const { client, server } of this.#links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  close(): void {
    this.#server.close();
    for (const { client, server } of this.#links) {
      client.destroy();
      server.destroy();
    }
  }
}

/** A link to a port of this machine, until the test is over. */
export async function createFaultLink(targetPort: number): Promise<FaultLink> {
  const link = new FaultLink(targetPort);
  await link.listen();
  onTestFinished(() => link.close());
  return link;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0)));
}
