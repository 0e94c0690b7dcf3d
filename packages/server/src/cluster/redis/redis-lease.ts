/** Leases in Redis: a key that holds its owner's name and goes away by itself. All of it fails closed. */
import type { RedisConnection } from "./redis-connection.ts";
import { RedisProblem } from "./redis-problem.ts";
import { defineScript, runScript } from "./redis-script.ts";

/** Takes the lease if nobody has it, renews it if this owner has it. */
const hold = defineScript(`
local owner = redis.call("GET", KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1
`);

const release = defineScript(`
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0
`);

/** Whether this owner has the lease from now on for this long; a problem where the server did not say. */
export async function holdRedisLease(
  connection: RedisConnection,
  key: string,
  owner: string,
  ttlMs: number,
): Promise<boolean | RedisProblem> {
  try {
    return (await runScript(connection, hold, [key], [owner, String(Math.ceil(ttlMs))])) === 1;
  } catch (error) {
    return error instanceof RedisProblem ? error : new RedisProblem("the lease cannot be held", error);
  }
}

export async function releaseRedisLease(
  connection: RedisConnection,
  key: string,
  owner: string,
): Promise<void> {
  // It ends by itself.
  await runScript(connection, release, [key], [owner]).catch(() => {});
}
