#!/usr/bin/env bash
# Vala 0.56.3 (Debian 12, valac and valac-0.56-vapi 0.56.3-1): a program that calls Linux.eventfd_read or Linux.eventfd_write,
# but not Linux.eventfd, is compiled to C that does not include <sys/eventfd.h>.
#
# This is the normal case for an eventfd that was made by somebody else, and came by SCM_RIGHTS or was inherited. In linux.vapi
# only `eventfd` and the enum of its flags have a cheader_filename. A C compiler of before 2024 warns of an implicit declaration
# in generated code, where nobody looks, and clang 16 and GCC 14 refuse it. With one call of Linux.eventfd anywhere in the file
# all is well, which hides the cause.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs gcc.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

timeout --foreground 300 apt-get -qq download {valac,valac-0.56-vapi,libvala-0.56-0,libvalacodegen-0.56-0}=0.56.3-1 libglib2.0-0=2.74.6-2+deb12u9 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done
libraries=$place/root/usr/lib/$(gcc -dumpmachine)
valac() {
    LD_LIBRARY_PATH=$libraries:$libraries/vala-0.56 timeout --foreground 60 root/usr/bin/*-valac-0.56 --nostdpkg \
        --vapidir root/usr/share/vala-0.56/vapi --profile posix --pkg posix --pkg linux -C "$1"
}

cat >received.vala <<'VALA'
int main () {
    uint64 value;
    return Linux.eventfd_write (3, 1) + Linux.eventfd_read (3, out value);
}
VALA
cat >made.vala <<'VALA'
int main () {
    uint64 value;
    var fd = Linux.eventfd (0, Linux.EventFdFlags.CLOEXEC);
    return Linux.eventfd_write (fd, 1) + Linux.eventfd_read (fd, out value);
}
VALA
cat >expected <<'OUTPUT'
made: the C has <sys/eventfd.h> 1 times, undeclared functions:
received: the C has <sys/eventfd.h> 0 times, undeclared functions: eventfd_read eventfd_write
OUTPUT
for program in made received; do
    valac $program.vala
    undeclared=$(LC_ALL=C gcc -fsyntax-only $program.c 2>&1 | grep -o "declaration of function '[a-z_]*" | sed "s/.*'/ /" | sort | tr -d '\n') || :
    echo "$program: the C has <sys/eventfd.h> $(grep -c 'include <sys/eventfd.h>' $program.c || :) times, undeclared functions:$undeclared"
done | tee seen
diff expected seen
