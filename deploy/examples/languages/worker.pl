#!/usr/bin/perl
# A worker on a named eventfd, in Perl: IO::Select waits for the raw descriptor.
#
#   apt-get install perl libsocket-msghdr-perl      # not IO::FDPass, which cannot speak this protocol
#   eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
#   ./worker.pl /tmp/eventfdd orders
#   eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
#
# It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
# lines of its stdin and ends with it. ../README.md says what all workers do.
use v5.24;
use warnings;
use Errno qw(EAGAIN EINTR);
use IO::Select;
use JSON::PP;
use Socket;
use Socket::MsgHdr;
require 'sys/syscall.ph';
use constant { MSG_CMSG_CLOEXEC => 0x40000000, RWF_NOWAIT => 8 };

fail("usage: worker.pl DIR NAME") unless @ARGV == 2;
my ($directory, $work) = @ARGV;
my $reply = "$work.reply";
my %held;                               # the eventfd of each name
my ($daemon, @asked);                   # the connection, and the names for which an answer is to come
my $select = IO::Select->new(\*STDIN);
STDOUT->autoflush(1);

sub fail {
    warn @_, "\n";
    exit 1;
}

# What there is, 0 if another reader was faster. sysread would then stop the loop if another process has cleared O_NONBLOCK,
# which belongs to all that hold this eventfd; RWF_NOWAIT holds in any case.
sub take {
    my $value = pack 'x8';
    my $vector = pack 'P8 J', $value, 8;
    return syscall(&SYS_preadv2, fileno shift, $vector, 1, -1, -1, RWF_NOWAIT) == 8 ? unpack 'Q', $value : 0;
}

sub give {
    my ($eventfd, $value) = @_;
    syswrite($eventfd, pack 'Q', $value) // fail("write: $!") if $value;
}

# Asks for both names, without waiting for the answers: opens what is not held yet, and brings back ("donates") what is, since
# an eventfd outlives the daemon that it came from.
sub connect_daemon {
    socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0) or fail("socket: $!");    # perl itself makes it close-on-exec
    $s->blocking(0);
    connect($s, pack_sockaddr_un("$directory/fd.sock")) or return;
    @asked = ($reply, $work);
    for my $name (@asked) {
        my $request = Socket::MsgHdr->new;
        if ($held{$name}) {
            $request->buf(encode_json {op => 'donate', eventfds => [{name => $name}]});
            $request->cmsghdr(SOL_SOCKET, SCM_RIGHTS, pack 'i', fileno $held{$name});
        } else {
            $request->buf(encode_json {op => 'open', eventfds => [{name => $name, create => {}}]});
        }
        sendmsg($s, $request, MSG_NOSIGNAL) or return;
    }
    return $s;
}

# Takes one answer of the daemon, with the descriptor that it may bring; false when the connection has ended.
sub hear {
    my $packet = Socket::MsgHdr->new(buflen => 65536, controllen => 64);
    my $size = recvmsg($daemon, $packet, MSG_CMSG_CLOEXEC);
    return $! == EAGAIN || $! == EINTR unless defined $size;
    return 0 if $size == 0 or $packet->buf =~ /:shutting-down"/;
    my $answer = decode_json $packet->buf;
    my $name = shift @asked;
    my $entry = ($answer->{eventfds} // [{}])->[0];
    my $problem = $answer->{detail} // $entry->{problem};
    fail("$name: $problem") if $problem;
    my (undef, undef, $rights) = $packet->cmsghdr;
    # A descriptor comes with each name that is opened or replaced. The module does not tell MSG_CTRUNC.
    my $comes = ($entry->{result} // 'replaced') eq 'replaced';
    fail("too many open files: the descriptor was cut off") if $comes and not $rights;
    if ($rights) {
        open my $eventfd, '+<&=', unpack('i', $rights) or fail("open: $!");
        hold($name, $eventfd);
    }
    say "$name $entry->{result}" if $entry->{result};
    say 'ready' if $name eq $work and not $entry->{result};
    return 1;
}

# An eventfd that was opened, or that replaces one: then what is left on the old one moves to the new one.
sub hold {
    my ($name, $eventfd) = @_;
    my $old = $held{$name};
    $held{$name} = $eventfd;
    give($eventfd, take($old)) if $old;
    return unless $name eq $work;
    $select->remove($old) if $old;
    $select->add($eventfd);
}

$daemon = connect_daemon() or fail("$directory/fd.sock: $!");
$select->add($daemon);
for (;;) {
    # without a daemon it tries again after a pause; the work goes on meanwhile
    my @ready = $select->can_read($daemon ? undef : 0.1);
    for my $handle (@ready) {
        if ($handle == \*STDIN) {
            sysread(STDIN, my $text, 65536) or exit;
            say "line $_" for split /\n/, $text;
        } elsif ($daemon and $handle == $daemon) {
            next if hear();
            $select->remove($daemon);
            undef $daemon;
        } elsif (my $value = take($handle)) {
            say "got $value";
            give($held{$reply}, $value);
        }
    }
    $select->add($daemon) if not $daemon and $daemon = connect_daemon();
}
