-- The workload: the seed's body, visitors drawn from 100,000, an Email on 1 in 10 (new on 1 in 100), 20 event names.
-- Arguments: a file with one "key list_id" pair a line, a word that keeps EventIDs of different runs apart, and the
-- path to call.
local accounts, prefix, path, count = {}, "", "", 0
local statuses = {}

function init(args)
  for line in io.lines(args[1]) do
    local key, list = line:match("(%S+) (%S+)")
    accounts[#accounts + 1] = {key = key, list = list}
  end
  prefix, path = args[2], args[3]
  math.randomseed(os.time())
end

local function track()
  local account = accounts[math.random(#accounts)]
  local visitor = math.random(100000)
  local email = ""
  if count % 10 == 0 then
    local person = count % 100 == 0 and (prefix .. count) or tostring(math.random(10000))
    email = string.format('"Email":"subscriber-%s@example.com","ID":"user-%s",', person, person)
  end
  local body = string.format(
    '{"Command":"event.track","Event":"event_%d","ListID":%s,"EventID":"%s-%d","UUID":"550e8400-e29b-41d4-a716-%012x",%s' ..
    '"Properties":{"$page_title":"Product Page","$current_url":"https://example.com/products/item-1",' ..
    '"product_id":"item-%d","product_name":"Example Product"}}',
    math.random(20), account.list, prefix, count, visitor, email, math.random(1000))
  return wrk.format("POST", path, {["Content-Type"] = "application/json", Authorization = "Bearer " .. account.key}, body)
end

local function list_properties()
  local account = accounts[math.random(#accounts)]
  return wrk.format("GET", path .. "?ListID=" .. account.list, {Authorization = "Bearer " .. account.key})
end

function request()
  count = count + 1
  if path:find("properties") then return list_properties() end
  return track()
end

function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, summary.errors.status,
    latency:percentile(50), latency:percentile(99)))
end
