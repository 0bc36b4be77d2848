-- One command to the Redis that takes writes, over a pooled connection: the few forms
-- of RESP that the commands of this gateway are answered with.
local M = {}

-- Hosts of Redis. Of several each has a Sentinel beside its Redis, and these name the one that takes writes.
local SERVERS = { "redis-1" }
local PORT, SENTINEL_PORT, MASTER = 6379, 26379, "mymaster"
local IDLE_MS, POOL = 10000, 32

-- What the Sentinels said last, for all workers.
local STATE = ngx.shared.rate_limit

local function encode(parts)
  local out = { "*" .. #parts .. "\r\n" }
  for _, part in ipairs(parts) do out[#out + 1] = "$" .. #part .. "\r\n" .. part .. "\r\n" end
  return table.concat(out)
end

local function reply(socket)
  local line, problem = socket:receive("*l")
  if not line then return nil, problem end
  local kind, rest = line:sub(1, 1), line:sub(2)
  if kind == "+" then return rest end
  if kind == ":" then return tonumber(rest) end
  if kind == "*" then
    local parts = {}
    for i = 1, tonumber(rest) do
      local part, cut = reply(socket)
      if part == nil then return nil, cut end
      parts[i] = part
    end
    return parts
  end
  if kind ~= "$" then return nil, rest end
  local size = tonumber(rest)
  if size < 0 then return nil, "no value" end
  local text, cut = socket:receive(size + 2)
  if not text then return nil, cut end
  return text:sub(1, size)
end

local function ask(host, port, timeout_ms, ...)
  local socket = ngx.socket.tcp()
  socket:settimeouts(timeout_ms, timeout_ms, timeout_ms)
  local ok, problem = socket:connect(host, port, { pool_size = POOL })
  if not ok then return nil, problem end
  ok, problem = socket:send(encode({ ... }))
  if not ok then
    socket:close()
    return nil, problem
  end
  local answer
  answer, problem = reply(socket)
  if answer == nil then
    socket:close()
    return nil, problem
  end
  socket:setkeepalive(IDLE_MS, POOL)
  return answer
end

-- Asks the Sentinels one after the other who takes writes; without several hosts there is nothing to ask.
-- What was said before a reload may be about other hosts.
function M.find(timeout_ms)
  if #SERVERS == 1 then return STATE:delete("redis_master") end
  for _, host in ipairs(SERVERS) do
    local master = ask(host, SENTINEL_PORT, timeout_ms, "SENTINEL", "get-master-addr-by-name", MASTER)
    if type(master) == "table" and master[1] then
      STATE:set("redis_master", master[1])
      return
    end
  end
end

-- Answer of a command (text or number), or nil and what went wrong.
function M.call(timeout_ms, ...)
  return ask(STATE:get("redis_master") or SERVERS[1], PORT, timeout_ms, ...)
end

return M
