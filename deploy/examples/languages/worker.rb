#!/usr/bin/env ruby
# A worker on a named eventfd, in Ruby: a thread waits for the raw descriptor with wait_readable.
#
#   apt-get install ruby
#   eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
#   ./worker.rb /tmp/eventfdd orders
#   eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
#
# It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
# lines of its stdin and ends with it. ../README.md says what all workers do.
require 'io/wait'
require 'json'
require 'socket'

abort 'usage: worker.rb DIR NAME' unless ARGV.size == 2
$stdout.sync = true
Thread.abort_on_exception = true
Thread.report_on_exception = false

DIRECTORY, NAME = ARGV
REPLY = "#{NAME}.reply"
HELD = { REPLY => nil, NAME => nil } # the eventfd of each name, as an IO

# What there is, nil if another reader was faster. read_nonblock sets O_NONBLOCK again if another process has cleared it, since
# it belongs to all that hold this eventfd. IO#read would take the value and wait for more.
def take(eventfd)
  bytes = eventfd.read_nonblock(8, exception: false)
  bytes.unpack1('Q') if bytes.is_a?(String)
end

def give(eventfd, value)
  eventfd.syswrite([value].pack('Q'))
end

# Takes values until the eventfd is replaced. This thread waits; the others go on.
def work(eventfd)
  while eventfd.equal?(HELD[NAME])
    eventfd.wait_readable
    next unless (value = take(eventfd))

    puts "got #{value}"
    give(HELD[REPLY], value)
  end
end

# Opens the eventfd, or brings back ("donates") the one that is held, since it outlives the daemon that it came from. Returns
# the answer and the eventfd that came with it.
def ask(daemon, name)
  if (old = HELD[name])
    daemon.sendmsg(JSON.generate(op: 'donate', eventfds: [{ name: name }]), 0, nil, Socket::AncillaryData.unix_rights(old))
  else
    daemon.sendmsg(JSON.generate(op: 'open', eventfds: [{ name: name, create: {} }]))
  end
  packet, _, flags, *controls = daemon.recvmsg(65_536, scm_rights: true) # it sets close-on-exec
  raise EOFError if packet.nil? || packet.empty? || packet.include?(':shutting-down"')
  abort 'too many open files: the descriptor was cut off' if flags & Socket::MSG_CTRUNC != 0

  answer = JSON.parse(packet)
  entry = answer.fetch('eventfds', [{}])[0]
  problem = answer['detail'] || entry['problem']
  abort "#{name}: #{problem}" if problem
  [entry['result'], controls.flat_map(&:unix_rights).first]
end

# Asks for both names, then waits for the end of the connection.
def session(daemon)
  HELD.each_key do |name|
    old = HELD[name]
    result, eventfd = ask(daemon, name)
    HELD[name] = eventfd if eventfd
    puts "#{name} #{result}" if result
    puts 'ready' if name == NAME && !old
    left = old && eventfd && take(old)
    give(eventfd, left) if left # replaced: the name leads to another eventfd, which gets what is left on the old one
    Thread.new { work(eventfd) } if eventfd && name == NAME
  end
  daemon.wait_readable
end

Thread.new do
  $stdin.each_line { |line| puts "line #{line}" }
  exit
end

loop do
  begin
    Socket.open(:UNIX, :SEQPACKET) do |daemon|
      daemon.connect(Addrinfo.unix("#{DIRECTORY}/fd.sock", :SEQPACKET))
      session(daemon)
    end
  rescue EOFError, SystemCallError => e
    abort e.message unless HELD[NAME]
  end
  sleep 0.1
end
