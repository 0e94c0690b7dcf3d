import { randomFillSync } from "node:crypto";

const idBytes = 16;
/** Random bytes for many ids at a time: asking the system for each costs more than the rest of the id. */
const pool = Buffer.alloc(idBytes * 256);
let poolAt = pool.length;

/**
 * A new id: 128 random bits in 22 characters of base64url. One flat string; `randomUUID` gives one that is put together
 * from sixteen pieces, which are kept as long as the id.
 */
export function createConnectionId(): string {
  if (poolAt === pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  const id = pool.toString("base64url", poolAt, poolAt + idBytes);
  poolAt += idBytes;
  return id;
}
