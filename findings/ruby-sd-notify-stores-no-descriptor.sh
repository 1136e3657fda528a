#!/usr/bin/env bash
# sd_notify 0.1.1 for Ruby (Debian 12, ruby-sd-notify 0.1.1-2): SdNotify.fdstore stores nothing, and raises nothing.
#
# FDSTORE=1 asks systemd to keep the descriptors that come with that message over a restart of the service. The method takes no
# descriptor and sends the text alone, as one datagram. systemd has nothing to store then and does not complain. The method
# returns the number of bytes, as it does after READY=1, so a service learns only after its next restart that LISTEN_FDS is not set.
# And a NOTIFY_SOCKET that begins with "@", an abstract socket as sd_notify(3) describes it, is taken for the name of a file.
# Ruby itself can do both: Socket#sendmsg with Socket::AncillaryData.unix_rights. Here a Ruby process is its own service manager.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs ruby, 3.0 or newer.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

command -v ruby >/dev/null || { echo "${0##*/}: needs ruby" >&2; exit 75; }
timeout --foreground 120 apt-get -qq download ruby-sd-notify=0.1.1-2 2>/dev/null ||
    { echo "${0##*/}: cannot download the package of Debian 12; is there a network?" >&2; exit 75; }
dpkg-deb -x ./*.deb root

cat >try.rb <<'RUBY'
require 'sd_notify'
require 'socket'
def manager(name, address)
  manager = Socket.new(:UNIX, :DGRAM)
  manager.bind(Addrinfo.unix(address))
  ENV['NOTIFY_SOCKET'] = name
  manager
end
def told(what, manager)
  text, _, _, *controls = manager.recvmsg(99, 0, 999, scm_rights: true)
  puts "#{what}: '#{text}' with #{controls.flat_map(&:unix_rights).length} descriptors"
end

file = manager('socket', 'socket')
print 'returned ', SdNotify.fdstore, '. '
told 'SdNotify.fdstore', file
service = Socket.new(:UNIX, :DGRAM)
service.sendmsg('FDSTORE=1', 0, Addrinfo.unix('socket'), Socket::AncillaryData.unix_rights($stdin))
told 'Socket#sendmsg', file

name = "finding-#{$$}"
abstract = manager("@#{name}", "\0#{name}")
begin
  SdNotify.ready
rescue SdNotify::NotifyError => error
  puts "SdNotify.ready, @: #{error.message[/\w+::\w+/]}"
end
service.sendmsg('READY=1', 0, Addrinfo.unix("\0#{name}"))
told 'Socket#sendmsg, @', abstract
RUBY
RUBYLIB=$(dirname "$(find root -name sd_notify.rb)") timeout --foreground 20 ruby try.rb </dev/null | tee seen
diff seen - <<'OUTPUT'
returned 9. SdNotify.fdstore: 'FDSTORE=1' with 0 descriptors
Socket#sendmsg: 'FDSTORE=1' with 1 descriptors
SdNotify.ready, @: Errno::ENOENT
Socket#sendmsg, @: 'READY=1' with 0 descriptors
OUTPUT
