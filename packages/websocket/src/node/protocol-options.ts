/** What the protocol core is told of a connection's host: settings in, the options that it takes out. */
import type { Role } from "../protocol/opcodes.ts";
import type { ProtocolOptions } from "../protocol/websocket-protocol.ts";
import type { ConnectionHost } from "./connection-host.ts";
import { nodePrimitives } from "./primitives.ts";

type Host = Pick<ConnectionHost<never>, "settings" | "compression">;

const known = new WeakMap<Host, ProtocolOptions>();

/** One object for all connections of a host: of their own it would be a tenth of what an idle one holds. */
export function protocolOptionsOf(host: Host, role: Role): ProtocolOptions {
  let options = known.get(host);
  if (options === undefined) {
    const { settings, compression } = host;
    const { strictness, exposeFailureReason } = settings;
    options = {
      role,
      strictness,
      limits: settings,
      primitives: nodePrimitives,
      compression,
      exposeFailureReason,
    };
    known.set(host, options);
  }
  return options;
}
