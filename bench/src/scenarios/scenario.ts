/** What every scenario has: variants to measure, contenders that take part, and goals that the project has set itself. */
import type { ContenderName } from "../contenders.ts";
import type { Dialect, Window } from "../load/load-commands.ts";

/** Less is better in every one of them. */
export type Unit =
  | "µs CPU per message"
  | "µs CPU per round trip"
  | "µs CPU per handshake"
  | "µs CPU per request"
  | "KB per connection"
  | "ms"
  | "% of messages";

/** One figure of one contender in one round. */
export interface Sample {
  readonly variant: string;
  readonly unit: Unit;
  readonly value: number;
  /** Share of its core that the server used; near 1 when it was the one that limited. */
  readonly serverShare?: number;
  /** The same of the load generator. */
  readonly loadShare?: number;
}

/** How much time a run takes. */
export interface Effort {
  readonly warmUpMs: number;
  readonly windowMs: number;
  /** Fewer sizes and variants. */
  readonly isQuick: boolean;
}

/** Requests and handshakes run through far more code than messages do, which compilers must see often before it is fast. */
export function withLongWarmUp(effort: Effort): Effort {
  return { ...effort, warmUpMs: 4 * effort.warmUpMs };
}

/** At most this many times the figure of a peer, or at most this figure. */
export interface Goal {
  readonly variant: string;
  readonly against: ContenderName | "absolute" | "own";
  readonly limit: number;
  /** For `own`: the variant of ours that is compared with. */
  readonly base?: string;
}

export interface Scenario {
  /** Stable; `--only` takes it. */
  readonly name: string;
  readonly title: string;
  readonly contenders: readonly ContenderName[];
  readonly goals: readonly Goal[];
  /** Measures one contender once. */
  measure(contender: ContenderName, effort: Effort): Promise<readonly Sample[]>;
}

/** How plain clients of a contender talk. */
export function dialectOf(contender: ContenderName): Dialect {
  return contender === "socket.io" ? "socket.io" : "websocket";
}

/** CPU time per unit of a window. */
export function toSample(variant: string, unit: Unit, window: Window): Sample {
  return {
    variant,
    unit,
    value: window.serverCpuUs / window.units,
    serverShare: window.serverCpuUs / 1000 / window.wallMs,
    loadShare: window.loadCpuUs / 1000 / window.wallMs,
  };
}
