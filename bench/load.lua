-- The workload: the seed's body, an EventID each, visitors of 50 users' lists, an Email on 1 event in 10 (new on 1 in 100),
-- 20 event names. EventIDs are random, as clients make them, so that they fall all over an index.
-- Arguments: a file with "key list_id public_id" a line; what to send: event, public, batch, sdk, same (what
-- a batch of an SDK is, as event.batch), introduce or listing; events in
-- a batch; visitors, and how many of them have an Email; seconds after which, or requests after which, nothing more is sent;
-- a seed for what is random.
--
-- Nothing under way is ever dropped, so that answers can be counted: a connection that has nothing more to send waits, and
-- when all do, this prints DRAINED and the caller ends wrk with SIGINT.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } moment;
  int clock_gettime(int clock, moment *now);
]]

local NEVER = 3600 * 1000
-- Of a browser: robots' events are not counted, which would be less work.
local BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
local accounts, kind, size, visitors, people, seconds, requests, connections
local asked, waiting, sent, count, began = 0, 0, 0, 0, nil

local function now()
  local moment = ffi.new("moment")
  ffi.C.clock_gettime(1, moment)
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

function init(args)
  accounts = {}
  for line in io.lines(args[1]) do
    local key, list, public = line:match("(%S+) (%S+) (%S+)")
    accounts[#accounts + 1] = {key = key, list = list, public = public}
  end
  kind, size, visitors, people = args[2], tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
  seconds, requests, connections = tonumber(args[6]), tonumber(args[7]), tonumber(args[8])
  math.randomseed(tonumber(args[9]))
end

-- Called before each request of a connection: its answer to the one before is here.
function delay()
  began = began or now()
  if asked < requests and now() - began < seconds then
    asked = asked + 1
    return 0
  end
  waiting = waiting + 1
  if waiting == connections then
    io.write(string.format("DRAINED %d %.0f\n", asked, (now() - began) * 1e6))
    io.flush()
  end
  return NEVER
end

local function random32()
  return math.random(0, 4294967295)
end

local function event_id()
  return string.format("%08x-%04x-4%03x-a%03x-%04x%08x", random32(), math.random(0, 65535), math.random(0, 4095),
    math.random(0, 4095), math.random(0, 65535), random32())
end

local function email(person)
  return string.format('"Email":"subscriber-%s@example.com","ID":"user-%s",', person, person)
end

-- One event of a visitor: each visitor has one list, and `person` is text or nil.
local function event(visitor, person)
  return string.format(
    '{"Event":"event_%d","EventID":"%s","UUID":"%08x-e29b-41d4-a716-%012x",%s' ..
    '"Properties":{"$page_title":"Product Page","$current_url":"https://example.com/products/item-1",' ..
    '"product_id":"item-%d","product_name":"Example Product"}',
    math.random(20), event_id(), visitor * 2654435761 % 4294967296, visitor, person and email(person) or "",
    math.random(1000))
end

-- The same as a message of Segment's client for Node.
local function message(visitor, person)
  local traits = person and string.format(',"traits":{"email":"subscriber-%s@example.com"}', person) or ""
  return string.format(
    '{"type":"track","event":"event_%d","messageId":"%s","anonymousId":"%08x-e29b-41d4-a716-%012x",%s' ..
    '"timestamp":"%s","properties":{"$page_title":"Product Page","$current_url":"https://example.com/products/item-1",' ..
    '"product_id":"item-%d","product_name":"Example Product"},"integrations":{},' ..
    '"context":{"library":{"name":"@segment/analytics-node","version":"3.1.0"}%s}',
    math.random(20), event_id(), visitor * 2654435761 % 4294967296, visitor,
    person and string.format('"userId":"user-%s",', person) or "", os.date("!%Y-%m-%dT%H:%M:%S.000Z"),
    math.random(1000), traits)
end

local TIMES = ',"Timestamp":"%s","SentAt":"%s","UserAgent":""'
local LIBRARY = ',"$lib":"@segment/analytics-node","$lib_version":"3.1.0"}'

-- The same as the message above, in Tracker's words.
local function same(visitor, person)
  local now = os.date("!%Y-%m-%dT%H:%M:%S.000Z")
  return event(visitor, person):sub(1, -2) .. LIBRARY .. string.format(TIMES, now, now)
end

local function any_event(account)
  local event = kind == "sdk" and message or kind == "same" and same or event
  count = count + 1
  local visitor = account - 1 + #accounts * math.random(0, visitors / #accounts - 1)
  if count % 100 == 0 then return event(visitor, event_id()) end
  if count % 10 == 0 then
    visitor = account - 1 + #accounts * math.random(0, people / #accounts - 1)
    return event(visitor, visitor)
  end
  return event(visitor)
end

-- Every visitor once, those with an Email with it.
local function next_visitor(account, turn, number)
  local visitor = account - 1 + #accounts * ((turn * size + number) % (visitors / #accounts))
  return event(visitor, visitor < people and visitor or nil)
end

local function batch()
  local account = kind == "introduce" and (sent - 1) % #accounts + 1 or math.random(#accounts)
  local turn = math.floor((sent - 1) / #accounts)
  local events = {}
  for number = 1, size do
    events[number] = (kind == "introduce" and next_visitor(account, turn, number - 1) or any_event(account)) .. "}"
  end
  local all = table.concat(events, ",")
  if kind == "sdk" then
    return account, string.format('{"batch":[%s],"sentAt":"%s"}', all, os.date("!%Y-%m-%dT%H:%M:%S.000Z"))
  end
  return account, string.format('{"ListID":%s,"Events":[%s]}', accounts[account].list, all)
end

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function base64(text)
  local packed = text:gsub("..?.?", function(three)
    local a, b, c = three:byte(1, 3)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    local four = ""
    for place = 3, 0, -1 do
      local at = math.floor(bits / 64 ^ place) % 64 + 1
      four = four .. ALPHABET:sub(at, at)
    end
    return four:sub(1, #three + 1) .. ("="):rep(3 - #three)
  end)
  return packed
end

local function single()
  local account = math.random(#accounts)
  return account, string.format('%s,"ListID":%s}', any_event(account), accounts[account].list)
end

function request()
  if began then sent = sent + 1 end -- wrk asks once before it begins, and does not send that
  if kind == "listing" then
    local account = accounts[math.random(#accounts)]
    return wrk.format("GET", wrk.path .. "?ListID=" .. account.list, {Authorization = "Bearer " .. account.key})
  end
  if kind == "public" then
    local account = math.random(#accounts)
    return wrk.format("POST", wrk.path .. accounts[account].public, {["Content-Type"] = "text/plain", ["User-Agent"] = BROWSER},
      any_event(account) .. "}")
  end
  local build = kind == "event" and single or batch
  local account, body = build()
  local owner = accounts[account]
  if kind == "sdk" and not owner.basic then
    owner.basic = "Basic " .. base64(owner.public .. ":" .. owner.key .. ":")
  end
  return wrk.format("POST", wrk.path,
    {["Content-Type"] = "application/json", Authorization = kind == "sdk" and owner.basic or "Bearer " .. owner.key}, body)
end

function done(summary, latency)
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.errors.status, lost,
    latency:percentile(50), latency:percentile(99)))
end
