import { hash } from "node:crypto";

/** The GUID that every accept value is made with (RFC 6455 §1.3). */
const handshakeGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * The `Sec-WebSocket-Accept` value for a key: base64(SHA-1(key + GUID)), 28 characters (RFC 6455 §4.2.2). It belongs to
 * this one request; keys are random, so there is nothing to cache.
 */
export function computeAccept(key: string): string {
  return hash("sha1", key.trim() + handshakeGuid, "base64");
}
