/** What the load generator can be told, and what it answers. */

/** How clients talk above TCP. */
export type Dialect = "websocket" | "socket.io" | "pusher";

/**
 * How long to warm up and to measure, and whose CPU time to read. Both are CPU time of the server: on a busy machine wall
 * time passes in which it does not run, and its code would be measured before it is compiled.
 */
export interface Timing {
  readonly serverPid: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

export type LoadCommand =
  | {
      readonly do: "connect";
      readonly port: number;
      readonly dialect: Dialect;
      readonly path: string;
      readonly connections: number;
      readonly deflate?: boolean;
      /** Sends one message on each, and waits for its echo. */
      readonly greets?: boolean;
    }
  /** Keeps `depth` messages in flight on each connection. */
  | ({ readonly do: "echo"; readonly bytes: number; readonly depth: number } & Timing)
  /** Makes the server publish to all connections, `perTurn` messages in one turn of its loop. */
  | ({
      readonly do: "fan-out";
      readonly bytes: number;
      readonly kind: "letters" | "text";
      readonly perTurn: number;
    } & Timing)
  /** Opens and closes connections, `concurrency` at a time. */
  | ({
      readonly do: "handshakes";
      readonly port: number;
      readonly dialect: Dialect;
      readonly concurrency: number;
      readonly ending: "close" | "cut";
    } & Timing)
  /** Sends signed publishes; each goes to all connections, if there are any. */
  | ({
      readonly do: "publish";
      readonly port: number;
      readonly publishers: number;
      readonly eventsPerRequest: number;
      readonly bytes: number;
    } & Timing)
  /** Watches messages that start with the time at which they were due. */
  | { readonly do: "watch"; readonly bytes: number }
  | { readonly do: "watched" };

/** What happened between two moments. */
export interface Window {
  /** Messages, round trips, handshakes or requests. */
  readonly units: number;
  readonly wallMs: number;
  readonly serverCpuUs: number;
  readonly loadCpuUs: number;
  /** Bytes of one message on the wire, where that was found out. */
  readonly frameBytes?: number;
  /** Latencies in milliseconds. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}
