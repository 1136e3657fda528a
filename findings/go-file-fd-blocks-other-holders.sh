#!/usr/bin/env bash
# Go 1.19.8 (Debian 12, golang-1.19-go and golang-1.19-src 1.19.8-2): os.File.Fd() clears O_NONBLOCK for all other holders of the
# open file description, in any process.
#
# A Go program receives a non-blocking eventfd or pipe, or shares one, and calls Fd() only to learn its number, say for
# a log line. The flag belongs to the open file description, so from then on the other holders, which set O_NONBLOCK and never
# touched it again, block in read(2) where they got EAGAIN. os/exec's ExtraFiles calls Fd() too. SyscallConn().Control gives the
# number and leaves the flag alone. Here the other holder is a dup(2) of the descriptor, which is the same to the kernel.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

timeout --foreground 300 apt-get -qq download golang-1.19-{go,src}=1.19.8-2 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done

cat >try.go <<'GO'
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

func main() {
	fmt.Println(runtime.Version())
	var ends [2]int
	syscall.Pipe2(ends[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC)
	other, _ := syscall.Dup(ends[0])
	nonblocking := func() bool {
		flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, uintptr(other), syscall.F_GETFL, 0)
		return flags&syscall.O_NONBLOCK != 0
	}
	file := os.NewFile(uintptr(ends[0]), "pipe")
	raw, _ := file.SyscallConn()
	raw.Control(func(uintptr) {})
	fmt.Println("after SyscallConn().Control, the other holder is non-blocking:", nonblocking())
	file.Fd()
	fmt.Println("after Fd(), the other holder is non-blocking:", nonblocking())
}
GO
cat >expected <<'OUTPUT'
go1.19.8
after SyscallConn().Control, the other holder is non-blocking: true
after Fd(), the other holder is non-blocking: false
OUTPUT
export GOROOT=$place/root/usr/lib/go-1.19 GOCACHE=$place/cache GOPATH=$place/path GO111MODULE=off CGO_ENABLED=0
timeout --foreground 200 "$GOROOT/bin/go" build -o try try.go
timeout --foreground 20 ./try | tee seen
diff expected seen
