package redisstore

import "github.com/redis/go-redis/v9"

// The scripts touch one key each: the claim rides at the end of the copy that it is about, so the
// two share slot, lifetime and fate on every kind of Redis, and a link without a claim costs nothing
// more. Times come from the caller: Redis' own clock decides about lifetimes only.
//
// All three begin by reading the copy; a key of another type, and a text that is not a copy, are as
// good as not there.
const readCopy = `
local v = redis.pcall('GET', KEYS[1])
local n = 0
if type(v) == 'string' and #v >= 12 and math.floor(v:byte(1) / 16) == 10 then
  n = struct.unpack('>I2', v, 9)
  if n < 12 or n > #v then n = 0 end
end
`

// publishScript stores ARGV[1] for ARGV[2] milliseconds unless a copy with a higher Rev is there. A
// claim stays with a copy of the same Rev. A higher Rev drops it: the ledger has spoken since, and its
// copy says by itself whether a slot is free.
//
// 1 = stored, 0 = there is a newer one.
var publishScript = redis.NewScript(readCopy + `
local new = ARGV[1]
if n > 0 then
  local have = struct.unpack('>I6', v, 3)
  local mine = struct.unpack('>I6', new, 3)
  if have > mine then return 0 end
  if have == mine and new:byte(2) ~= 115 then new = new .. v:sub(n + 1) end
end
redis.call('SET', KEYS[1], new, 'PX', ARGV[2])
return 1
`)

// claimScript writes payment ARGV[1] behind the copy until ARGV[3], at ARGV[2] (Unix milliseconds),
// and keeps the copy at least that long. Deleted and resting links can be claimed: who was admitted
// in time may finish (I25, A17); who comes now was refused by the page.
//
// 1 = claimed, 0 = not here, -1 = another payment has it, -2 = paid.
var claimScript = redis.NewScript(readCopy + `
if n == 0 or v:byte(1) < 161 or v:byte(1) > 164 then return 0 end
local now, untilms = tonumber(ARGV[2]), tonumber(ARGV[3])
local held, mine = false, false
if #v > n + 6 then
  mine = v:sub(n + 7) == ARGV[1]
  held = struct.unpack('>I6', v, n + 1) > now
end
local state = v:byte(2)
if state == 115 then return -2 end
if not (held and mine) and (held or state == 98) then return -1 end
local left = math.max(redis.call('PTTL', KEYS[1]), untilms - now)
redis.call('SET', KEYS[1], v:sub(1, n) .. struct.pack('>I6', untilms) .. ARGV[1], 'PX', left)
return 1
`)

// releaseScript cuts off the claim if payment ARGV[1] has it. 1 = released, 0 = it had none.
var releaseScript = redis.NewScript(readCopy + `
if n == 0 or #v <= n + 6 or v:sub(n + 7) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], v:sub(1, n), 'KEEPTTL')
return 1
`)
