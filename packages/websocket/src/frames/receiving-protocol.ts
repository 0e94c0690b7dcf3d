/** The engine's connection, set up to do nothing but read: what the parser, the close reader and the inspector share. */
import { defaultConnectionSettings } from "../node/connection-settings.ts";
import { nodePrimitives } from "../node/primitives.ts";
import type { ReceiveLimits } from "../protocol/message-reader.ts";
import type { Role, Strictness } from "../protocol/opcodes.ts";
import type { NegotiatedDeflate } from "../protocol/permessage-deflate.ts";
import { type ProtocolOptions, WebSocketProtocol } from "../protocol/websocket-protocol.ts";
import { requireRole } from "./frame-side.ts";

export interface ReceivingOptions {
  /** Who RECEIVES the bytes: `server` reads what a client sent, and expects masks. */
  readonly role: Role;
  /**
   * What the handshake agreed on. `true` stands for the widest agreement, windows of 15 bits with context takeover; it
   * reads what any compressor sends. Default: no compression, and RSV1 is a failure.
   */
  readonly deflate?: boolean | NegotiatedDeflate;
  /** Default `strict`. */
  readonly strictness?: Strictness;
  /** Default: those of a server, 1 MiB per message. */
  readonly limits?: Partial<ReceiveLimits>;
}

const widestDeflate: NegotiatedDeflate = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

/** The agreement that an option stands for; `undefined` for none. */
export function resolveDeflate(
  deflate: boolean | NegotiatedDeflate | undefined,
): NegotiatedDeflate | undefined {
  return typeof deflate === "object" ? deflate : deflate ? widestDeflate : undefined;
}

/** A connection after its handshake, without a socket. @throws FailureError `frame-role-missing`. */
export function createReceivingProtocol(options: ReceivingOptions): WebSocketProtocol {
  const { role, strictness = "strict", limits } = options;
  requireRole(role);
  const rules: ProtocolOptions = {
    role,
    strictness,
    limits: { ...defaultConnectionSettings, ...limits },
    primitives: nodePrimitives,
    compression: { level: 3, memoryLevel: 5 },
    exposeFailureReason: true,
  };
  return new WebSocketProtocol(rules, resolveDeflate(options.deflate));
}
