/**
 * What has to happen in Redis at once. A stream holds the events of a webhook that are not delivered yet, a set the keys of
 * what its receiver was told to be there, another stream the dead letters; `claim` names the leader that may tell edges, and
 * `writer` the last sequence that one process has appended.
 */
import { defineScript } from "../../cluster/redis/redis-script.ts";

/** Values for each entry: sequence, channel, JSON or nothing, time, key of the edge or nothing, `1` or `0`. */
export const valuesPerEntry = 6;

/**
 * Keys: queue, told, claim, writer. Values: owner, greatest length, milliseconds for which the writer is remembered, command
 * and channel and message that wake the leader, entries. Answers how many events were dropped, or `lost`, or `taken`.
 */
export const appendScript = defineScript(`
local first = 7
for i = first, #ARGV, ${valuesPerEntry} do
  if ARGV[i + 4] ~= "" then
    local owner = redis.call("GET", KEYS[3])
    if not owner then return "lost" end
    if owner ~= ARGV[1] then return "taken" end
    break
  end
end
local last = tonumber(redis.call("GET", KEYS[4]) or "0")
local added = false
for i = first, #ARGV, ${valuesPerEntry} do
  if tonumber(ARGV[i]) > last then
    last = tonumber(ARGV[i])
    if ARGV[i + 2] ~= "" then
      redis.call("XADD", KEYS[1], "*", "c", ARGV[i + 1], "j", ARGV[i + 2], "t", ARGV[i + 3])
      added = true
    end
    if ARGV[i + 5] == "1" then redis.call("SADD", KEYS[2], ARGV[i + 4]) end
    if ARGV[i + 5] == "0" then redis.call("SREM", KEYS[2], ARGV[i + 4]) end
  end
end
redis.call("SET", KEYS[4], last, "PX", ARGV[3])
local dropped = redis.call("XTRIM", KEYS[1], "MAXLEN", ARGV[2])
if added then redis.call(ARGV[4], ARGV[5], ARGV[6]) end
return dropped
`);

/**
 * Keys: queue, dead letters. Values: greatest number of dead letters, failure, attempts, status or nothing, time, ids. What is
 * no longer in the queue was settled by another.
 */
export const buryScript = defineScript(`
for i = 6, #ARGV do
  local found = redis.call("XRANGE", KEYS[1], ARGV[i], ARGV[i])
  if found[1] then
    local fields = found[1][2]
    for j = 2, 5 do fields[#fields + 1] = ({ false, "f", "a", "s", "g" })[j]; fields[#fields + 1] = ARGV[j] end
    redis.call("XADD", KEYS[2], "MAXLEN", ARGV[1], "*", unpack(fields))
    redis.call("XDEL", KEYS[1], ARGV[i])
  end
end
`);

/** Keys: dead letters, queue. Values: time, command and channel and message that wake the leader, ids or none for all. */
export const replayScript = defineScript(`
local letters = {}
if #ARGV == 4 then
  letters = redis.call("XRANGE", KEYS[1], "-", "+")
else
  for i = 5, #ARGV do
    local found = redis.call("XRANGE", KEYS[1], ARGV[i], ARGV[i])
    if found[1] then letters[#letters + 1] = found[1] end
  end
end
for _, letter in ipairs(letters) do
  local fields = letter[2]
  redis.call("XADD", KEYS[2], "*", fields[1], fields[2], fields[3], fields[4], "t", ARGV[1])
  redis.call("XDEL", KEYS[1], letter[1])
end
if #letters > 0 then redis.call(ARGV[2], ARGV[3], ARGV[4]) end
return #letters
`);

/** Keys: dead letters. Values: ids or none for all. */
export const deleteScript = defineScript(`
if #ARGV > 0 then return redis.call("XDEL", KEYS[1], unpack(ARGV)) end
local count = redis.call("XLEN", KEYS[1])
redis.call("DEL", KEYS[1])
return count
`);
