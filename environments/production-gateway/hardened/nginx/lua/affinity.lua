-- The affinity cookie: names the customer instance that answered, so that the
-- client comes back to it (http/affinity.conf).
local M = {}

local NAME = "srv_id"
local LIFETIME_S = 1800
local INSTANCES = 5

-- Address → cookie value. Upstream servers are named in /etc/hosts, where nginx found them too.
local function instances()
  local found = {}
  for line in io.lines("/etc/hosts") do
    local address, names = line:match("^%s*([%x.:]+)%s+(.+)$")
    local number = names and (" " .. names .. " "):match("%scustomer%-(%d+)%s")
    if number and tonumber(number) <= INSTANCES then found[address] = "c" .. number end
  end
  return found
end

local VALUES = instances()

-- Gives the cookie to whoever does not hold the one of the answering instance.
-- The spare gives none: it is no place to come back to.
function M.cookie()
  local last = (ngx.var.upstream_addr or ""):match("([%x.]+):%d+$")
  local value = last and VALUES[last]
  if not value or ngx.var["cookie_" .. NAME] == value then return end
  local cookie = NAME .. "=" .. value .. "; Expires=" .. ngx.cookie_time(ngx.time() + LIFETIME_S) ..
    "; Max-Age=" .. LIFETIME_S .. "; Path=/; HttpOnly; Secure; SameSite=Lax"
  local others = ngx.header["Set-Cookie"]
  if type(others) == "table" then
    others[#others + 1] = cookie
    ngx.header["Set-Cookie"] = others
  else
    ngx.header["Set-Cookie"] = others and { others, cookie } or cookie
  end
end

return M
