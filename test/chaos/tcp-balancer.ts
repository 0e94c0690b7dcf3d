/** A balancer of TCP connections in front of nodes, who come and go: each connection goes to the next node in turn. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export class TcpBalancer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Ports that get new connections. */
  readonly #ports: number[] = [];
  #turn = 0;

  private constructor() {
    this.#server = createServer({ noDelay: true }, (client) => this.#relay(client));
  }

  /** Listens until the test is over. */
  static async start(): Promise<TcpBalancer> {
    const balancer = new TcpBalancer();
    balancer.#server.listen(0, "127.0.0.1");
    await once(balancer.#server, "listening");
    onTestFinished(() => balancer.#close());
    return balancer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The port gets new connections from now on. */
  add(port: number): void {
    this.#ports.push(port);
  }

  /** The port gets no more connections; those it has stay. */
  remove(port: number): void {
    this.#ports.splice(this.#ports.indexOf(port), 1);
  }

  #relay(client: Socket): void {
    const port = this.#ports[this.#turn++ % this.#ports.length];
    if (port === undefined) {
      client.destroy();
      return;
    }
    const node = connect({ port, host: "127.0.0.1", noDelay: true });
    for (const [from, to] of [
      [client, node],
      [node, client],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => this.#sockets.delete(from) && to.destroySoon());
    }
  }

  #close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
