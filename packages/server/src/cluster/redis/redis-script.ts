/** Lua scripts in Redis: sent by their hash, and in full to a server that does not know it yet. */
import { createHash } from "node:crypto";
import type { RedisConnection } from "./redis-connection.ts";
import type { RedisReply } from "./redis-link.ts";
import { isErrorReply } from "./redis-problem.ts";

export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

export function defineScript(text: string): RedisScript {
  return { text, sha1: createHash("sha1").update(text).digest("hex") };
}

/** All keys must be in one slot. Rejects as {@link RedisConnection.send}. */
export async function runScript(
  connection: RedisConnection,
  { text, sha1 }: RedisScript,
  keys: readonly [string, ...string[]],
  values: readonly string[],
): Promise<RedisReply> {
  const rest = [String(keys.length), ...keys, ...values];
  try {
    return await connection.send(keys[0], ["EVALSHA", sha1, ...rest]);
  } catch (error) {
    if (!isErrorReply(error, "NOSCRIPT")) throw error;
    return connection.send(keys[0], ["EVAL", text, ...rest]);
  }
}
