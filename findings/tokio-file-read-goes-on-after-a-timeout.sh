#!/usr/bin/env bash
# tokio 1.24.2 (Debian 12, librust-tokio-dev 1.24.2-1): a read of tokio::fs::File that is given up goes on, and takes what comes next.
#
# AsyncReadExt::read says of itself that it is cancel safe: if another branch of select! completes first, "it is guaranteed that no
# data was read". But a File reads in a thread, and nobody calls that read(2) back. It keeps what it read for the next call on
# the same File. For a file on a disk that is right. If processes share an eventfd, a FIFO or a terminal, the value is gone: the
# one who gave up does not know of it, and all others wait. Here a read is given up after 100 ms and its File is dropped. Then
# another holder writes 3, and the count is 0 again. A task that waits for readiness and reads only then has no such gap.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs rustc, 1.61 or newer.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

command -v rustc >/dev/null || { echo "${0##*/}: needs rustc" >&2; exit 75; }
timeout --foreground 120 apt-get -qq download librust-tokio-dev=1.24.2-1 librust-pin-project-lite-dev=0.2.9-1 librust-bytes-dev=1.2.1-1 librust-memchr-dev=2.5.0-1 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done

library() { # compiles a crate of Debian
    timeout --foreground 200 rustc --cap-lints allow --edition 2018 --crate-type lib --crate-name "$1" -L . "${@:2}" root/usr/share/cargo/registry/"${1//_/-}"-[0-9]*/src/lib.rs
}
library pin_project_lite
library bytes --cfg='feature="std"'
library memchr --cfg='feature="std"'
library tokio --cfg=feature='"'{fs,rt,time,io-util,bytes,memchr}'"' --extern={pin_project_lite=libpin_project_lite,bytes=libbytes,memchr=libmemchr}.rlib

cat >try.rs <<'RUST'
use std::{fs, io::Write, os::unix::io::FromRawFd, time::Duration};
use tokio::{io::AsyncReadExt, runtime, time};

extern "C" {
    fn eventfd(initial: u32, flags: i32) -> i32;
    fn dup(fd: i32) -> i32;
}

fn main() {
    let fd = unsafe { eventfd(0, 0) };
    let other = unsafe { dup(fd) };
    let is_0 = || fs::read_to_string(format!("/proc/self/fdinfo/{other}")).unwrap().contains("eventfd-count:                0\n");
    let runtime = runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut file = unsafe { tokio::fs::File::from_raw_fd(fd) };
        let read = time::timeout(Duration::from_millis(100), file.read(&mut [0; 8])).await;
        println!("given up {}", read.is_err());
    });
    unsafe { fs::File::from_raw_fd(dup(other)) }.write_all(&3u64.to_ne_bytes()).unwrap();
    (0..100).take_while(|_| !is_0()).for_each(|_| std::thread::sleep(Duration::from_millis(50)));
    println!("another holder wrote 3, the count is 0 again {}", is_0());
    runtime.shutdown_background();
}
RUST
timeout --foreground 100 rustc --edition 2021 -L . --extern tokio=libtokio.rlib try.rs
timeout --foreground 20 ./try | tee seen
diff seen - <<'OUTPUT'
given up true
another holder wrote 3, the count is 0 again true
OUTPUT
