/** A WebSocket server of ours on a free port, with everything that it reports. Shut down when the test ends. */
import { onTestFinished } from "vitest";
import {
  type CloseReport,
  type Failure,
  type FailureContext,
  type ListenOptions,
  type RouteOptions,
  type WebSocketConnection,
  WebSocketServer,
  type WebSocketServerOptions,
} from "../../packages/websocket/src/index.ts";

export interface EngineOptions<Data = unknown> extends WebSocketServerOptions {
  readonly path?: string | RegExp;
  readonly route?: RouteOptions<Data>;
  readonly listen?: ListenOptions;
}

export class Engine {
  readonly server: WebSocketServer;
  readonly failures: (Failure & { readonly context: FailureContext })[] = [];
  readonly closeReports: CloseReport[] = [];
  port = 0;
  readonly #opened: WebSocketConnection[] = [];

  constructor(server: (engine: Engine) => WebSocketServer) {
    this.server = server(this);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Names of all failures, in order. */
  get names(): string[] {
    return this.failures.map(({ name }) => name);
  }

  /** Waits until something holds; looks again after every turn of the event loop. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
  }

  /** Waits until the server holds nothing of anybody: the promise that every test of an end should keep. */
  async untilEmpty(): Promise<void> {
    await this.until(() => Object.values(this.server.held).every((count) => count === 0));
  }

  /** The connection that was opened as the n-th. */
  async opened(index = 0): Promise<WebSocketConnection> {
    await this.until(() => this.#opened.length > index);
    return this.#opened[index]!;
  }

  get openedCount(): number {
    return this.#opened.length;
  }

  /** The report of the connection that ended as the n-th. */
  async closed(index = 0): Promise<CloseReport> {
    await this.until(() => this.closeReports.length > index);
    return this.closeReports[index]!;
  }

  /** The failure that was reported as the n-th. */
  async failed(index = 0): Promise<Failure> {
    await this.until(() => this.failures.length > index);
    return this.failures[index]!;
  }

  noteOpened(connection: WebSocketConnection): void {
    this.#opened.push(connection);
  }
}

/** A server that is not listening yet. */
export function createEngine<Data = unknown>(options: EngineOptions<Data> = {}): Engine {
  const { path = "*", route = {}, listen: _, ...rest } = options;
  return new Engine((engine) =>
    new WebSocketServer({
      ...rest,
      onFailure(failure, context) {
        engine.failures.push({ ...failure, context });
        rest.onFailure?.(failure, context);
      },
    }).route<Data>(path, {
      ...route,
      open(connection) {
        engine.noteOpened(connection);
        return route.open?.(connection);
      },
      close(connection, report) {
        engine.closeReports.push(report);
        return route.close?.(connection, report);
      },
    }),
  );
}

/** A server that listens. */
export async function startEngine<Data = unknown>(options: EngineOptions<Data> = {}): Promise<Engine> {
  const engine = createEngine(options);
  engine.port = (await engine.server.listen(options.listen)).port;
  onTestFinished(async () => {
    await engine.server.shutdown({ drainWindowMs: 0, deadlineMs: 0 });
  });
  return engine;
}
