#!/usr/bin/env bash
# Boost.Asio 1.74.0 (Debian 12, libboost1.74-dev 1.74.0+ds1-21): posix::stream_descriptor::async_read_some, the call that starts
# an asynchronous read, blocks its caller if another holder of the open file description has cleared O_NONBLOCK.
#
# Asio sets O_NONBLOCK once, at the first operation on the descriptor, and remembers that it did. Each async_read_some tries
# read(2) before it waits. O_NONBLOCK belongs to the open file description: a descriptor of an eventfd, pipe or terminal that came
# by SCM_RIGHTS, or is inherited, shares it. async_wait does not read and so does not block. Here the other holder clears the
# flag between two reads, and writes a value a second after the second read was started.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs g++.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

timeout --foreground 120 apt-get -qq download libboost1.74-dev=1.74.0+ds1-21 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
dpkg-deb -x ./*.deb root

cat >try.cpp <<'CPP'
#include <atomic>
#include <boost/asio.hpp>
#include <cstdio>
#include <sys/eventfd.h>
#include <thread>

int main() {
    boost::asio::io_context io;
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), other = dup(fd); // one open file description, two holders
    boost::asio::posix::stream_descriptor stream(io, fd);
    std::uint64_t value = 0;
    auto wrapped = boost::asio::buffer(&value, sizeof value);
    auto nothing = [](boost::system::error_code, std::size_t) {};

    stream.async_read_some(wrapped, nothing);
    std::puts("flag set: the call returned before anything was written");
    eventfd_write(other, 1);
    io.run();

    fcntl(other, F_SETFL, fcntl(other, F_GETFL) & ~O_NONBLOCK);
    std::atomic<bool> written = false;
    std::thread writer([&] {
        std::this_thread::sleep_for(std::chrono::seconds(1));
        written = true;
        eventfd_write(other, 2);
    });
    stream.async_read_some(wrapped, nothing);
    std::printf("flag cleared: the call returned %s it was written\n", written ? "after" : "before");
    writer.join();
}
CPP
timeout --foreground 120 g++ -std=c++17 -Iroot/usr/include -pthread -o try try.cpp
cat >expected <<'OUTPUT'
flag set: the call returned before anything was written
flag cleared: the call returned after it was written
OUTPUT
timeout --foreground 20 ./try | tee seen
diff expected seen
