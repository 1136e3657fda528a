// A worker on a named eventfd, in Rust: it waits with poll(2) and never blocks in read(2). No crate is needed.
//
//   apt-get install rustc
//   eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
//   rustc -O -o worker worker.rs && ./worker /tmp/eventfdd orders
//   eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
//
// It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
// lines of its stdin and ends with it. ../README.md says what all workers do.
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::raw::{c_int, c_short, c_ulong, c_void};
use std::os::unix::io::{AsRawFd, FromRawFd};
use std::os::unix::net::UnixDatagram;
use std::{env, process::exit, ptr::null_mut};

// What std has not, as the C library of 64-bit Linux has it. With the crates libc or nix, this part is not needed.
#[repr(C)]
struct IoVec { base: *mut c_void, len: usize }
#[repr(C)]
struct MsgHdr {
    name: *mut c_void, name_len: u32, iov: *mut IoVec, iov_len: usize, control: *mut c_void, control_len: usize, flags: c_int
}
#[repr(C)]
struct Rights { len: usize, level: c_int, kind: c_int, fd: c_int } // a cmsghdr with one descriptor, padded as CMSG_SPACE
#[repr(C)]
struct PollFd { fd: c_int, events: c_short, revents: c_short }
extern "C" {
    fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int;
    fn sendmsg(fd: c_int, message: *const MsgHdr, flags: c_int) -> isize;
    fn recvmsg(fd: c_int, message: *mut MsgHdr, flags: c_int) -> isize;
    fn poll(fds: *mut PollFd, n: c_ulong, timeout: c_int) -> c_int;
    fn preadv2(fd: c_int, iov: *const IoVec, n: c_int, offset: i64, flags: c_int) -> isize;
}
const SEQPACKET_NONBLOCK_CLOEXEC: c_int = 5 | 0o4000 | 0o2000000;
const SOL_SOCKET: c_int = 1;
const SCM_RIGHTS: c_int = 1;
const MSG_CTRUNC: c_int = 8;
const MSG_NOSIGNAL: c_int = 0x4000;
const MSG_CMSG_CLOEXEC: c_int = 0x40000000;
const RWF_NOWAIT: c_int = 8;
const POLLIN: c_short = 1;

const REPLY: usize = 0;
const WORK: usize = 1;

fn message(data: &mut IoVec, rights: &mut Rights) -> MsgHdr {
    let (control, control_len) = (rights as *mut Rights as *mut c_void, std::mem::size_of::<Rights>());
    MsgHdr { name: null_mut(), name_len: 0, iov: data, iov_len: 1, control, control_len, flags: 0 }
}

fn number(held: &Option<impl AsRawFd>) -> c_int {
    held.as_ref().map_or(-1, |it| it.as_raw_fd())
}

// Takes what there is, if no other reader was faster. read(2) would then block if another process has cleared O_NONBLOCK,
// which belongs to all that hold this eventfd; RWF_NOWAIT holds in any case.
fn take(eventfd: &File) -> Option<u64> {
    let mut value = 0u64;
    let buffer = IoVec { base: &mut value as *mut u64 as *mut c_void, len: 8 };
    (unsafe { preadv2(eventfd.as_raw_fd(), &buffer, 1, -1, RWF_NOWAIT) } == 8).then(|| value)
}

fn give(mut eventfd: &File, value: u64) {
    eventfd.write_all(&value.to_ne_bytes()).unwrap_or_else(|e| fail(&format!("write: {}", e)))
}

fn fail(why: &str) -> ! {
    eprintln!("{}", why);
    exit(1)
}

// The text of a member of a JSON object, as far as this program needs it.
fn text(json: &str, member: &str) -> Option<String> {
    let from = json.find(&format!("\"{}\":\"", member))? + member.len() + 4;
    let (mut text, mut rest) = (String::new(), json[from..].chars());
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.push(rest.next()?),
            c => text.push(c),
        }
    }
}

struct Worker {
    path: String,
    names: [String; 2], // of the replies, and of the values
    held: [Option<File>; 2],
    daemon: Option<UnixDatagram>, // std has no type for SOCK_SEQPACKET; this one calls connect(2) as well
    answers: usize,               // that came on this connection: one for each name, in order
}

impl Worker {
    // Asks for both names, without waiting for the answers: opens what is not held yet, and brings back ("donates") what is,
    // since an eventfd outlives the daemon that it came from.
    fn connect(&mut self) -> io::Result<()> {
        let s = unsafe { UnixDatagram::from_raw_fd(socket(1, SEQPACKET_NONBLOCK_CLOEXEC, 0)) };
        s.connect(&self.path)?;
        for (name, held) in self.names.iter().zip(&self.held) {
            let (op, create) = if held.is_some() { ("donate", "") } else { ("open", ",\"create\":{}") };
            let mut packet = format!("{{\"op\":\"{}\",\"eventfds\":[{{\"name\":\"{}\"{}}}]}}", op, name, create);
            let mut data = IoVec { base: packet.as_mut_ptr().cast(), len: packet.len() };
            let mut rights = Rights { len: 20, level: SOL_SOCKET, kind: SCM_RIGHTS, fd: number(held) };
            let mut message = message(&mut data, &mut rights);
            if held.is_none() {
                message.control_len = 0;
            }
            if unsafe { sendmsg(s.as_raw_fd(), &message, MSG_NOSIGNAL) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        self.daemon = Some(s);
        self.answers = 0;
        Ok(())
    }

    // Takes one answer of the daemon, with the descriptor that it may bring; false when the connection has ended.
    fn hear(&mut self) -> bool {
        let mut packet = [0u8; 65536];
        let mut data = IoVec { base: packet.as_mut_ptr().cast(), len: packet.len() };
        let mut rights = Rights { len: 0, level: 0, kind: 0, fd: -1 };
        let mut message = message(&mut data, &mut rights);
        let size = unsafe { recvmsg(self.daemon.as_ref().unwrap().as_raw_fd(), &mut message, MSG_CMSG_CLOEXEC) };
        if size <= 0 {
            let kind = io::Error::last_os_error().kind();
            return size < 0 && (kind == io::ErrorKind::WouldBlock || kind == io::ErrorKind::Interrupted);
        }
        if message.flags & MSG_CTRUNC != 0 {
            fail("too many open files: the descriptor was cut off");
        }
        let answer = String::from_utf8_lossy(&packet[..size as usize]);
        if answer.contains(":shutting-down\"") {
            return false;
        }
        let i = self.answers;
        self.answers += 1;
        if let Some(problem) = text(&answer, "detail").or_else(|| text(&answer, "problem")) {
            fail(&format!("{}: {}", self.names[i], problem));
        }
        if message.control_len > 0 {
            let opened = unsafe { File::from_raw_fd(rights.fd) };
            if let Some(left) = self.held[i].as_ref().and_then(take) {
                give(&opened, left); // replaced: the name leads to another eventfd, which gets what was left on the old one
            }
            self.held[i] = Some(opened);
        }
        match text(&answer, "result") {
            Some(result) => println!("{} {}", self.names[i], result),
            None if i == WORK => println!("ready"),
            None => (),
        }
        true
    }
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if arguments.len() != 3 {
        fail("usage: worker DIR NAME");
    }
    let mut worker = Worker {
        path: arguments[1].clone() + "/fd.sock",
        names: [arguments[2].clone() + ".reply", arguments[2].clone()],
        held: [None, None],
        daemon: None,
        answers: 0,
    };
    worker.connect().unwrap_or_else(|e| fail(&format!("{}: {}", worker.path, e)));
    loop {
        // poll(2) passes over what is -1. Without a daemon it tries again after a pause; the work goes on meanwhile.
        let (work, daemon) = (number(&worker.held[WORK]), number(&worker.daemon));
        let mut ready = [work, daemon, 0].map(|fd| PollFd { fd, events: POLLIN, revents: 0 });
        if unsafe { poll(ready.as_mut_ptr(), 3, if daemon < 0 { 100 } else { -1 }) } < 0 {
            continue; // EINTR
        }
        if ready[0].revents != 0 {
            if let (Some(value), Some(reply)) = (worker.held[WORK].as_ref().and_then(take), &worker.held[REPLY]) {
                println!("got {}", value);
                give(reply, value);
            }
        }
        if daemon < 0 {
            let _ = worker.connect(); // or else again, later
        } else if ready[1].revents != 0 && !worker.hear() {
            worker.daemon = None;
        }
        if ready[2].revents != 0 {
            let mut bytes = [0; 4096];
            match io::stdin().read(&mut bytes) {
                Ok(0) => return,
                Ok(n) => String::from_utf8_lossy(&bytes[..n]).lines().for_each(|line| println!("line {}", line)),
                Err(_) => (),
            }
        }
    }
}
