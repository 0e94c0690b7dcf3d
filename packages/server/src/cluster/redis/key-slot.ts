/** Which of the 16384 slots of a Redis Cluster a key is in, as the Redis Cluster specification defines it. */

export const slotCount = 16_384;

/** The slot of a key: of what its first braces hold, if they hold anything, else of all of it. */
export function slotOfKey(key: string): number {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  const tag = close > open + 1 ? key.slice(open + 1, close) : key;
  return computeCrc16(Buffer.from(tag)) % slotCount;
}

/** CRC-16/XMODEM: polynomial 0x1021, most significant bit first, from 0. */
function computeCrc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
  }
  return crc & 0xffff;
}
