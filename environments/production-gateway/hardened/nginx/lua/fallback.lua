-- The maintenance document in place of a 502, 503 or 504 that a backend made itself.
-- Errors of nginx's own never come here: error_page sends them elsewhere (api/errors.conf).
local M = {}

local DOCUMENT = '{"success":false,"error":{"code":"SERVICE_UNAVAILABLE",' ..
  '"message":"The service is unavailable for the moment.","retryAfter":60},' ..
  '"statusPage":"https://status.insightserenity.com"}'

-- Headers of the document; Retry-After comes with every 503 (api/headers.conf).
function M.headers()
  if ngx.status < 502 or ngx.status > 504 then return end
  ngx.ctx.fallback = true
  ngx.status = 503
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Content-Encoding"] = nil
  ngx.header["Content-Length"] = #DOCUMENT
  ngx.header["Retry-After"] = nil
  ngx.header["ETag"] = nil
  ngx.header["Last-Modified"] = nil
  ngx.header["Cache-Control"] = nil
end

-- The document once, then nothing of what the backend sends.
function M.body()
  if not ngx.ctx.fallback then return end
  ngx.arg[1] = not ngx.ctx.fallback_sent and DOCUMENT or nil
  ngx.ctx.fallback_sent = true
  ngx.arg[2] = true
end

return M
