-- One command to Redis over a pooled connection: the few forms of RESP that the
-- commands of this gateway are answered with.
local M = {}

local HOST, PORT = "redis-1", 6379
local IDLE_MS, POOL = 10000, 32

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
  if kind ~= "$" then return nil, rest end
  local size = tonumber(rest)
  if size < 0 then return nil, "no value" end
  local text, cut = socket:receive(size + 2)
  if not text then return nil, cut end
  return text:sub(1, size)
end

-- Answer of a command (text or number), or nil and what went wrong.
function M.call(timeout_ms, ...)
  local socket = ngx.socket.tcp()
  socket:settimeouts(timeout_ms, timeout_ms, timeout_ms)
  local ok, problem = socket:connect(HOST, PORT, { pool_size = POOL })
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

return M
