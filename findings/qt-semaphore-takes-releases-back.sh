#!/usr/bin/env bash
# Qt 5.15.8 (Debian 12, libqt5core5a and qtbase5-dev 5.15.8+dfsg-11+deb12u3): what a process adds to a QSystemSemaphore by release()
# is taken away again when the process ends, without an error.
#
# Qt's manual says that acquired resources come back when a process ends, calls a producer and its consumers the typical use, and
# lets release() create resources. But Qt lets the kernel undo both (SEM_UNDO of semop(2)). A producer that signals and exits (a
# command, a cron job) leaves a count of 0 behind, and the consumer waits on. Likewise a signal that a short-lived consumer
# took is there again after its end: here 2 are released and 3 acquired. The count is right only as long as all processes that
# ever changed it run. So it is a lock, and no channel for signals or for permits that are handed on.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs g++.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

timeout --foreground 300 apt-get -qq download {libqt5core5a,qtbase5-dev}=5.15.8+dfsg-11+deb12u3 libicu72 libdouble-conversion3 libpcre2-16-0 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done
libraries=$place/root/usr/lib/$(gcc -dumpmachine)
include=root/usr/include/$(gcc -dumpmachine)/qt5
cat >try.cpp <<'CPP'
#include <QSystemSemaphore>
#include <cstdio>
#include <cstdlib>
#include <string>

int main(int count, char **arguments) {
    std::string what = count > 1 ? arguments[1] : "own";
    QSystemSemaphore semaphore("finding", 0, what == "own" ? QSystemSemaphore::Create : QSystemSemaphore::Open);
    if (what == "acquire") return !semaphore.acquire();
    if (what == "release" || what == "release-and-stay") {
        std::puts(semaphore.release(2) ? "a producer released 2" : "failed"), std::fflush(stdout);
        if (what == "release-and-stay") std::getchar();
        return 0;
    }
    // the owner of a semaphore of count 0, which runs to the end
    auto consumer = [] { return std::system("timeout 5 ./try acquire") ? "waits in vain" : "acquired 1"; };
    std::system("./try release");
    std::printf("and ended; a consumer %s\n", consumer()), std::fflush(stdout);
    FILE *producer = popen("./try release-and-stay", "w");
    std::system("sleep 1");
    for (const char *order : {"first", "second", "third"})
        std::printf("and runs; the %s consumer %s\n", order, consumer());
    pclose(producer);
}
CPP
timeout --foreground 120 g++ -w -std=c++17 -fPIC "-I$include" "-I$include/QtCore" -o try try.cpp "$libraries/libQt5Core.so.5" "-Wl,-rpath-link,$libraries"
TMPDIR=$place LD_LIBRARY_PATH=$libraries timeout --foreground 60 ./try | tee seen
diff seen - <<'OUTPUT'
a producer released 2
and ended; a consumer waits in vain
a producer released 2
and runs; the first consumer acquired 1
and runs; the second consumer acquired 1
and runs; the third consumer acquired 1
OUTPUT
