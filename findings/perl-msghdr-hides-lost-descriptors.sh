#!/usr/bin/env bash
# Socket::MsgHdr 0.05 (Debian 12, libsocket-msghdr-perl 0.05-2+b1) on Perl 5.36: after recvmsg, $hdr->flags is always 0, so a program
# that asks it for MSG_CTRUNC or MSG_TRUNC, as the module's manual has it, never learns that descriptors or bytes were lost.
#
# The kernel sets both bits in msg_flags (strace shows them), and the module does not copy them back. It does copy the lengths back,
# and they are the room for the next call as well. So a header that is used in a loop has room for no more than the shortest
# message before: after one message without descriptors, the descriptors of all later ones are closed by the kernel, and
# flags still says that all is well. Before each recvmsg: buflen(N) and controllen(N) anew; and a cut is seen only by what is missing.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs perl 5.36.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

perl -e 'exit !($^V =~ /^v5[.]36[.]/)' || { echo "${0##*/}: needs the perl of Debian 12" >&2; exit 75; }
timeout --foreground 120 apt-get -qq download libsocket-msghdr-perl=0.05-2+b1 2>/dev/null ||
    { echo "${0##*/}: cannot download the package of Debian 12; is there a network?" >&2; exit 75; }
dpkg-deb -x ./*.deb root

cat >try.pl <<'PERL'
use strict;
use warnings;
use Socket qw(:DEFAULT MSG_CTRUNC MSG_TRUNC SCM_RIGHTS SOL_SOCKET);
use Socket::MsgHdr;

socketpair(my $sender, my $receiver, AF_UNIX, SOCK_SEQPACKET, 0) or die "socketpair: $!";

sub message {    # sends a text and descriptors
    my ($text, @fds) = @_;
    my $header = Socket::MsgHdr->new(buf => $text);
    $header->cmsghdr(SOL_SOCKET, SCM_RIGHTS, pack "i*", @fds) if @fds;
    sendmsg($sender, $header) or die "sendmsg: $!";
}

sub received {
    my ($what, $header) = @_;
    recvmsg($receiver, $header) or die "recvmsg: $!";
    my @control = $header->cmsghdr;
    printf "%s: '%s' with %d descriptors, MSG_TRUNC %d, MSG_CTRUNC %d\n", $what, $header->buf, @control ? length($control[2]) / 4 : 0,
        !!($header->flags & MSG_TRUNC), !!($header->flags & MSG_CTRUNC);
}

message("hello", 0, 0, 0, 0);
received("sent 'hello' with 4, room for 4 bytes and 2", Socket::MsgHdr->new(buflen => 4, controllen => 24));
my $header = Socket::MsgHdr->new(buflen => 100, controllen => 100);
for (["one", 0], ["ok"], ["three", 0]) {
    message(@$_);
    received("sent '$_->[0]' with $#$_", $header);
}
PERL
timeout --foreground 20 perl "-I$(echo root/usr/lib/*/perl5/5.36)" try.pl | tee seen
diff seen - <<'OUTPUT'
sent 'hello' with 4, room for 4 bytes and 2: 'hell' with 2 descriptors, MSG_TRUNC 0, MSG_CTRUNC 0
sent 'one' with 1: 'one' with 1 descriptors, MSG_TRUNC 0, MSG_CTRUNC 0
sent 'ok' with 0: 'ok' with 0 descriptors, MSG_TRUNC 0, MSG_CTRUNC 0
sent 'three' with 1: 'th' with 0 descriptors, MSG_TRUNC 0, MSG_CTRUNC 0
OUTPUT
