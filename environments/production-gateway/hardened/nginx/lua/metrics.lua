-- Request counts and times that stub_status does not have, as Prometheus text.
local M = {}

local STORE = ngx.shared.metrics
local BOUNDS = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10 }

local TYPES = {
  { "nginx_http_requests_total", "counter", "Requests by status." },
  { "nginx_http_request_duration_seconds", "histogram", "From the first byte of a request to the last of its answer." },
  { "nginx_upstream_responses_total", "counter", "Answers by upstream server and status." },
  { "nginx_upstream_response_time_seconds", "histogram", "From connecting to an upstream server to its last byte." },
  { "nginx_upstream_server_fails_total", "counter", "Attempts that an upstream server failed (error, time-out, 502, 503, 504)." },
}

local function add(series, amount) STORE:incr(series, amount, 0) end

local function observe(name, seconds)
  for _, bound in ipairs(BOUNDS) do
    if seconds <= bound then add(name .. '_bucket{le="' .. bound .. '"}', 1) end
  end
  add(name .. '_bucket{le="+Inf"}', 1)
  add(name .. "_sum", seconds)
  add(name .. "_count", 1)
end

-- Entries of an upstream variable, one for each attempt.
local function attempts(text)
  local list = {}
  for entry in (text or ""):gmatch("[^,%s]+") do
    if entry ~= ":" then list[#list + 1] = entry end
  end
  return list
end

-- Counts a finished request.
function M.count()
  add('nginx_http_requests_total{status="' .. ngx.status .. '"}', 1)
  observe("nginx_http_request_duration_seconds", tonumber(ngx.var.request_time) or 0)
  local statuses, times = attempts(ngx.var.upstream_status), attempts(ngx.var.upstream_response_time)
  for i, server in ipairs(attempts(ngx.var.upstream_addr)) do
    local status = statuses[i] or "-"
    add('nginx_upstream_responses_total{upstream="' .. server .. '",status="' .. status .. '"}', 1)
    if status == "-" or status == "502" or status == "503" or status == "504" then
      add('nginx_upstream_server_fails_total{upstream="' .. server .. '"}', 1)
    end
    local seconds = tonumber(times[i])
    if seconds then observe("nginx_upstream_response_time_seconds", seconds) end
  end
end

-- Writes all series of this gateway.
function M.expose()
  ngx.header["Content-Type"] = "text/plain; version=0.0.4"
  local keys = STORE:get_keys(0)
  table.sort(keys)
  for _, family in ipairs(TYPES) do
    local name, kind, help = family[1], family[2], family[3]
    ngx.say("# HELP ", name, " ", help)
    ngx.say("# TYPE ", name, " ", kind)
    for _, key in ipairs(keys) do
      local series = key:match("^[%a_]+")
      if series == name or (kind == "histogram" and series:gsub("_bucket$", ""):gsub("_sum$", ""):gsub("_count$", "") == name) then
        ngx.say(key, " ", STORE:get(key))
      end
    end
  end
end

return M
