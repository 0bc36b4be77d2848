-- Who may come in: countries, blocked addresses, and limits that both gateways
-- share through Redis. nginx's own limits (limit_req) have counted the request
-- before; without Redis they alone hold.
local redis = require "redis"

local M = {}

local STATE = ngx.shared.rate_limit
local TIMEOUT_MS = 1000
local BLOCK_S = 3600

-- Per client address: time that one request pays for, and how many may come at once.
local LIMITS = {
  general = { interval_ms = 600, burst = 20 },
  api = { interval_ms = 600, burst = 30 },
  admin = { interval_ms = 1200, burst = 10 },
}

-- Half a request more than limit_req allows, so that two clocks which differ by
-- milliseconds never refuse what one gateway alone admits.
local SLACK = 0.5

-- Generic cell rate algorithm. KEYS: block, limit. ARGV: interval, tolerance, arrival (ms).
-- It counts from a request's arrival, as limit_req does: on its way here a request waits for
-- authentication, and by the time of asking a burst would look later and slower than it came.
-- Redis's clock bounds what a gateway whose clock is wrong may say. Requests that a busy worker
-- handles late come out of order: none counts as earlier than one before it, as in limit_req.
local SCRIPT = [[
if redis.call('EXISTS', KEYS[1]) == 1 then return 'blocked' end
local t = redis.call('TIME')
local asked = t[1] * 1000 + math.floor(t[2] / 1000)
local now = math.min(asked, math.max(asked - 2000, math.floor(tonumber(ARGV[3]))))
local due, last = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+):(%d+)$')
now = math.max(now, tonumber(last or now))
due = math.max(tonumber(due or now), now)
if due - now > tonumber(ARGV[2]) then return 'limited' end
due = due + tonumber(ARGV[1])
redis.call('SET', KEYS[2], string.format('%d:%d', due, now), 'PX', due - now + 1000)
return 'free'
]]

local function block_key(address) return "gateway:blocked:" .. address end

-- Redis is only asked while the last look at it, a second ago at most, went well. Each look
-- first asks the Sentinels, so that a failover is followed within a second.
function M.watch_redis()
  local function look(premature)
    if premature then return end
    redis.find(500)
    if redis.call(500, "PING") == "PONG" then STATE:set("redis_up", true, 3) else STATE:delete("redis_up") end
  end
  if ngx.worker.id() ~= 0 then return end
  ngx.timer.at(0, look)
  ngx.timer.every(1, look)
end

-- Refuses clients of blocked countries.
function M.country()
  if ngx.var.country_blocked == "1" then return ngx.exit(403) end
end

-- Refuses blocked addresses, and whoever exceeds a limit at both gateways together.
function M.shared()
  if not STATE:get("redis_up") then return end
  local name = ngx.var.shared_limit
  if not LIMITS[name] then name = "general" end
  local limit = LIMITS[name]
  local address = ngx.var.remote_addr
  local answer, problem = redis.call(TIMEOUT_MS, "EVAL", SCRIPT, "2", block_key(address), "gateway:" .. name .. ":" .. address,
    tostring(limit.interval_ms), tostring((limit.burst + SLACK) * limit.interval_ms), tostring(ngx.req.start_time() * 1000))
  if not answer then
    STATE:delete("redis_up")
    ngx.log(ngx.WARN, "shared limits are off: ", problem)
  elseif answer == "blocked" then
    return ngx.exit(403)
  elseif answer == "limited" then
    ngx.log(ngx.ERR, "limiting requests by shared zone \"", name, "\"")
    return ngx.exit(429)
  end
end

-- POST blocks an address for an hour, at both gateways; DELETE lifts the block.
function M.blocklist()
  local address = ngx.var.arg_address or ""
  local method = ngx.req.get_method()
  if not address:match("^[%x.:]+$") or (method ~= "POST" and method ~= "DELETE") then return ngx.exit(400) end
  local answer
  if method == "POST" then
    answer = redis.call(1000, "SET", block_key(address), "1", "EX", tostring(BLOCK_S))
  else
    answer = redis.call(1000, "DEL", block_key(address))
  end
  if not answer then return ngx.exit(503) end
  ngx.header["Content-Type"] = "application/json"
  ngx.say('{"success":true,"address":"', address, '","blocked_s":', method == "POST" and BLOCK_S or 0, "}")
end

return M
