/** A client for Node that stays connected: the reconnect core over {@link connect}. */
import { engineFailures } from "../failures/engine-failures.ts";
import { type Failure, FailureError } from "../failures/failure.ts";
import { connect } from "./connect.ts";
import { ConnectError } from "./connect-error.ts";
import type { ClientHandlers, ConnectOptions } from "./connect-options.ts";
import type { DialResult, ReconnectOptions, SessionListeners } from "./reconnect-options.ts";
import { Reconnector } from "./reconnector.ts";
import type { WebSocketClient } from "./websocket-client.ts";

/** Where to connect and how; `refresh` may replace any part of it. */
export interface ClientTarget {
  readonly url: string | URL;
  /** Messages go to the reconnecting client's handler, and the signal is its own. */
  readonly connect: Omit<ConnectOptions, "signal" | "handlers"> & {
    readonly handlers?: Omit<ClientHandlers, "message">;
  };
}

export interface ReconnectingClientOptions extends ReconnectOptions<WebSocketClient, ClientTarget> {
  readonly connect?: ClientTarget["connect"];
}

/**
 * Opens a connection with {@link ReconnectingClient.start} and opens another whenever it is lost and that makes sense. The
 * connection of the moment is `session`.
 */
export class ReconnectingClient extends Reconnector<WebSocketClient, ClientTarget> {
  constructor(url: string | URL, options: ReconnectingClientOptions = {}) {
    super({ url, connect: options.connect ?? {} }, dial, options);
  }
}

async function dial(
  target: ClientTarget,
  listeners: SessionListeners,
  signal: AbortSignal,
): Promise<DialResult<WebSocketClient>> {
  const { handlers } = target.connect;
  try {
    const session = await connect(target.url, {
      ...target.connect,
      signal,
      handlers: {
        ...handlers,
        message: (_client, data) => listeners.message(data),
        close: (client, report) => {
          const { code, reason, failure, bytesReceived } = report;
          listeners.ended({ code, reason, failure, hasReceived: bytesReceived > 0 });
          handlers?.close?.(client, report);
        },
      },
    });
    return { ok: true, session };
  } catch (error) {
    const response = error instanceof ConnectError ? error.response : undefined;
    const { status, retryAfterMs } = response ?? {};
    return { ok: false, failure: nameError(error), status, retryAfterMs, cause: error };
  }
}

/** Node throws at options that it cannot use, such as a certificate that is none. */
function nameError(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  const { code, name } = error as NodeJS.ErrnoException;
  return engineFailures.create("connect-options-invalid", { code: code ?? name });
}
