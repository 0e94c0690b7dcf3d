/**
 * The numbers of the Pusher protocol, as close codes and in `pusher:error`. What a client does depends on the range:
 * 4000–4099 it stays away, 4100–4199 it returns after a while, 4200–4299 it returns at once. 43xx only refuse one event
 * and are never close codes: pusher-js takes such a close as final.
 */
export const pusherCodes = {
  tlsRequired: 4000,
  appUnknown: 4001,
  appDisabled: 4003,
  overQuota: 4004,
  pathUnknown: 4005,
  protocolInvalid: 4006,
  protocolUnsupported: 4007,
  protocolMissing: 4008,
  unauthorised: 4009,
  overCapacity: 4100,
  reconnect: 4200,
  pongMissed: 4201,
  clientEventRefused: 4301,
  watchlistTooLong: 4302,
} as const;

const maxReasonBytes = 123;

/** Cuts a message to the 123 UTF-8 bytes that fit into a close frame (RFC 6455 §5.5.1), never inside a character. */
export function toCloseReason(message: string): string {
  if (Buffer.byteLength(message) <= maxReasonBytes) return message;
  let reason = "";
  let bytes = 0;
  for (const character of message) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxReasonBytes) break;
    reason += character;
  }
  return reason;
}
