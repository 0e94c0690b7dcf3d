/** Leases in Redis: a key that holds its owner's name and goes away by itself. All of it fails closed. */
import { createHash } from "node:crypto";
import type { RedisConnection } from "./redis-connection.ts";
import { isErrorReply } from "./redis-problem.ts";

interface Script {
  readonly text: string;
  readonly sha1: string;
}

function defineScript(text: string): Script {
  return { text, sha1: createHash("sha1").update(text).digest("hex") };
}

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

/** Whether this owner has the lease from now on for this long; `false` also where the server does not answer. */
export async function holdRedisLease(
  connection: RedisConnection,
  key: string,
  owner: string,
  ttlMs: number,
): Promise<boolean> {
  try {
    return (await run(connection, hold, key, [owner, String(Math.ceil(ttlMs))])) === 1;
  } catch (error) {
    // After a failover the connection may have stayed with a server that is a replica now.
    if (isErrorReply(error, "READONLY")) connection.drop((error as Error).message);
    return false;
  }
}

export async function releaseRedisLease(
  connection: RedisConnection,
  key: string,
  owner: string,
): Promise<void> {
  // It ends by itself.
  await run(connection, release, key, [owner]).catch(() => {});
}

async function run(connection: RedisConnection, script: Script, key: string, values: readonly string[]) {
  try {
    return await connection.send(key, ["EVALSHA", script.sha1, "1", key, ...values]);
  } catch (error) {
    if (!isErrorReply(error, "NOSCRIPT")) throw error;
    return connection.send(key, ["EVAL", script.text, "1", key, ...values]);
  }
}
