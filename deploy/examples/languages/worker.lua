-- A worker on a named eventfd, in Lua with cqueues: each of its coroutines sleeps in the controller's poll.
--
--   apt-get install lua5.4 lua-cqueues
--   eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
--   lua5.4 worker.lua /tmp/eventfdd orders
--   eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
--
-- It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
-- lines of its stdin and ends with it. ../README.md says what all workers do.
local cqueues = require "cqueues"
local errno = require "cqueues.errno"
local socket = require "cqueues.socket"

local function fail(problem, status)
  io.stderr:write(problem, "\n")
  os.exit(status or 1)
end

local directory, work = ...
if not work then fail("usage: worker.lua DIR NAME", 2) end
local names, held = {work, work .. ".reply"}, {}

-- cqueues would raise errors of sockets; here they are results, as in the rest of Lua.
local function connect()
  local daemon = socket.connect {path = directory .. "/fd.sock", type = socket.SOCK_SEQPACKET}
  daemon:onerror(function(_, _, code) return code end)
  daemon:setmode("bn", "bn") -- a packet a write
  return daemon
end

-- Takes what there is, as 8 bytes, and does not wait: another reader may have been faster. O_NONBLOCK belongs to all that
-- hold the eventfd, any of which may have cleared it; dup sets it again, as cqueues does with all that it opens.
local function take(eventfd)
  socket.dup(eventfd):close()
  return (eventfd:recv(8)) -- reads once, and returns nil at EAGAIN
end

local function give(eventfd, value)
  assert(eventfd:send(value, 1, 8))
end

-- Lua's integers are signed, an eventfd's are not.
local function unsigned(value)
  local number = string.unpack("=i8", value)
  local tenth = (number >> 1) // 5
  return number < 0 and string.format("%d%d", tenth, number - 10 * tenth) or tostring(number)
end

-- Sends a request for each name, then returns the answers, as pairs of a text and what came with it; nil where the
-- connection ended. One name a packet, because recvfd receives one descriptor with a packet.
local function ask(daemon, request)
  local answers = {}
  for i, name in ipairs(names) do
    request(name, held[i])
  end
  for i in ipairs(names) do
    local text, eventfd, code = daemon:recvfd(65536)
    if code == errno.ENOBUFS then fail("too many open files: the descriptor was cut off") end
    if not text or text:find(":shutting-down\"", 1, true) then return nil end
    if eventfd then eventfd:setmode("bn", "bn") end -- a write is not buffered
    answers[i] = {text, eventfd}
  end
  return answers
end

-- The text of an answer that is a problem.
local function problem(answer)
  return answer:match '"detail":"(.-[^\\])"' or answer:match '"problem":"(.-[^\\])"' or answer
end

local function open(daemon)
  local answers = ask(daemon, function(name)
    daemon:write(('{"op":"open","eventfds":[{"name":"%s","create":{}}]}'):format(name))
  end) or fail("no daemon serves " .. directory)
  for i, answer in ipairs(answers) do
    held[i] = answer[2] or fail(names[i] .. ": " .. problem(answer[1]))
  end
  print "ready"
end

-- Brings what is held back to the next daemon, as it outlived the one that it came from. Returns whether there is one.
local function donate(daemon)
  local answers = ask(daemon, function(name, eventfd)
    daemon:sendfd(('{"op":"donate","eventfds":[{"name":"%s","semaphore":false}]}'):format(name), eventfd)
  end)
  for i, answer in ipairs(answers or {}) do
    local result, old = answer[1]:match '"result":"(%l+)"', held[i]
    if not result or result == "refused" then fail(names[i] .. ": " .. problem(answer[1])) end
    if result == "replaced" then -- the name leads to another eventfd, which gets what is left on the old one
      held[i] = answer[2]
      local left = take(old)
      if left then give(held[i], left) end
      old:close() -- this also wakes who polls it
    end
    print(names[i] .. " " .. result)
  end
  return answers
end

local function stay(daemon)
  daemon:recvfd(1) -- returns at the end of the connection
  repeat
    daemon:close()
    cqueues.sleep(0.1)
    daemon = connect()
  until donate(daemon)
  return stay(daemon)
end

local function serve()
  while true do
    cqueues.poll {pollfd = held[1]:pollfd(), events = "r"}
    local value = take(held[1])
    if value then
      print("got " .. unsigned(value))
      give(held[2], value)
    end
  end
end

-- Its stdin is a pipe or a terminal: epoll(7), and so cqueues, does not wait for files.
local function echo()
  while true do
    cqueues.poll {pollfd = 0, events = "r"}
    print("line " .. (io.read() or os.exit(0)))
  end
end

io.stdin:setvbuf "no" -- a line that stdio had read ahead would not wake the poll
io.stdout:setvbuf "line"
local loop = cqueues.new()
loop:wrap(function()
  local daemon = connect()
  open(daemon)
  loop:wrap(serve)
  loop:wrap(stay, daemon)
  loop:wrap(echo)
end)
assert(loop:loop())
