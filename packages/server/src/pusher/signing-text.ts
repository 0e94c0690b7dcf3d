/**
 * The texts that an app's backend signs for its clients. Byte for byte: the JSON parts are never parsed and written anew.
 */

/** What is signed for a channel. `channelData` is the raw JSON text, exactly as it was sent. */
export function channelSigningText(socketId: string, channel: string, channelData?: string): string {
  return channelData === undefined ? `${socketId}:${channel}` : `${socketId}:${channel}:${channelData}`;
}

/** What is signed for a signin. `userData` is the raw JSON text, exactly as it was sent. */
export function signinSigningText(socketId: string, userData: string): string {
  return `${socketId}::user::${userData}`;
}
