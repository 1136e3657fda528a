// A worker on a named eventfd, in C#, on Mono. A thread of its own waits with poll(2).
//
//   apt-get install mono-mcs mono-runtime libmono-posix4.0-cil
//   eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
//   mcs -unsafe -r:Mono.Posix Worker.cs && mono Worker.exe /tmp/eventfdd orders
//   eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
//
// It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
// lines of its stdin and ends with it. ../README.md says what all workers do.
using System;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using Mono.Unix.Native;

static class Worker {
    static string directory;
    static readonly string[] name = new string[2];  // of the work, and of the reply
    static readonly int[] held = {-1, -1};          // their descriptors
    static int answers;                             // that came on this connection: one for each name, in order

    [DllImport("libc", SetLastError = true)]
    static extern unsafe IntPtr preadv2(int fd, Iovec* parts, int count, long offset, int flags);

    // Takes what there is, with one read of 8 bytes, and does not wait: another reader may have been faster, and RWF_NOWAIT
    // holds although any other process may clear O_NONBLOCK, which belongs to all that hold this eventfd.
    static unsafe ulong Take(int fd) {
        ulong value;
        var part = new Iovec {iov_base = (IntPtr) (&value), iov_len = 8};
        return preadv2(fd, &part, 1, -1, 8 /* RWF_NOWAIT */) == (IntPtr) 8 ? value : 0;
    }

    static unsafe void Give(int fd, ulong value) {
        if (value != 0 && Syscall.write(fd, &value, 8) != 8) Fail("write: " + Stdlib.GetLastError());
    }

    static void Fail(string problem) {
        Console.Error.WriteLine(problem);
        Environment.Exit(1);
    }

    // What the daemon says of a request that it refuses; its JSON needs no parser for that.
    static string Problem(string answer) {
        var text = Regex.Match(answer, "\"(?:detail|problem)\":\"((?:[^\"\\\\]|\\\\.)*)\"");
        return text.Success ? text.Groups[1].Value : answer;
    }

    // Connects to the daemon and asks for both names, without waiting for its answers: opens what is not held yet, and brings
    // back ("donates") what is, since it outlived the daemon that it came from.
    static int Ask() {
        int s = Syscall.socket(UnixAddressFamily.AF_UNIX, UnixSocketType.SOCK_SEQPACKET, UnixSocketFlags.SOCK_CLOEXEC, 0);
        bool sent = Syscall.connect(s, new SockaddrUn(directory + "/fd.sock")) == 0;
        answers = 0;
        for (int i = 0; sent && i < 2; i++)
            sent = held[i] < 0 ? Send(s, "{\"op\":\"open\",\"eventfds\":[{\"name\":\"" + name[i] + "\",\"create\":{}}]}")
                : Send(s, "{\"op\":\"donate\",\"eventfds\":[{\"name\":\"" + name[i] + "\",\"semaphore\":false}]}", held[i]);
        if (sent) return s;
        Syscall.close(s);
        return -1;
    }

    static unsafe bool Send(int s, string request, params int[] fds) {
        var bytes = Encoding.UTF8.GetBytes(request);
        var control = new byte[Syscall.CMSG_SPACE(4)];
        fixed (byte* data = bytes) {
            var part = new Iovec {iov_base = (IntPtr) data, iov_len = (ulong) bytes.Length};
            var message = new Msghdr {msg_iov = new[] {part}, msg_iovlen = 1};
            if (fds.Length > 0) {
                message.msg_control = control;
                message.msg_controllen = control.Length;
                var header = new Cmsghdr {cmsg_len = (long) Syscall.CMSG_LEN(4),
                    cmsg_level = UnixSocketProtocol.SOL_SOCKET, cmsg_type = UnixSocketControlMessage.SCM_RIGHTS};
                header.WriteToBuffer(message, 0);
                BitConverter.GetBytes(fds[0]).CopyTo(control, (int) Syscall.CMSG_DATA(message, 0));
            }
            return Syscall.sendmsg(s, message, MessageFlags.MSG_NOSIGNAL) >= 0;
        }
    }

    // Takes one answer of the daemon, with the descriptor that it may bring. Returns false when the connection has ended.
    static unsafe bool Hear(int s) {
        var packet = new byte[65536];
        var control = new byte[Syscall.CMSG_SPACE(4)];
        var message = new Msghdr {msg_iovlen = 1, msg_control = control, msg_controllen = control.Length};
        long size;
        fixed (byte* data = packet) {
            message.msg_iov = new[] {new Iovec {iov_base = (IntPtr) data, iov_len = (ulong) packet.Length}};
            size = Syscall.recvmsg(s, message, MessageFlags.MSG_CMSG_CLOEXEC);
        }
        if (size <= 0) return size < 0 && Stdlib.GetLastError() == Errno.EINTR;
        string answer = Encoding.UTF8.GetString(packet, 0, (int) size);
        if ((message.msg_flags & MessageFlags.MSG_CTRUNC) != 0) Fail("too many open files: the descriptor was cut off");
        if (answer.Contains(":shutting-down\"")) return false;
        int fd = message.msg_controllen == 0 ? -1 : BitConverter.ToInt32(control, (int) Syscall.CMSG_DATA(message, 0));
        int i = answers++;
        if (held[i] < 0 && fd >= 0) { // opened
            held[i] = fd;
            if (i == 1) Console.WriteLine("ready");
            return true;
        }
        string result = Regex.Match(answer, "\"result\":\"([a-z]*)\"").Groups[1].Value;
        if (result == "" || result == "refused") Fail(name[i] + ": " + Problem(answer));
        if (fd >= 0) { // replaced: the name leads to another eventfd, which gets what is left on the old one
            Give(fd, Take(held[i]));
            Syscall.close(held[i]);
            held[i] = fd;
        }
        Console.WriteLine(name[i] + " " + result);
        return true;
    }

    static int Main(string[] args) {
        if (args.Length != 2) {
            Console.Error.WriteLine("usage: Worker.exe DIR NAME");
            return 2;
        }
        directory = args[0];
        name[0] = args[1];
        name[1] = args[1] + ".reply";
        new Thread(Serve) {IsBackground = true}.Start();
        for (string line; (line = Console.ReadLine()) != null;) Console.WriteLine("line " + line);
        return 0;
    }

    static void Serve() {
        int daemon = Ask();
        if (daemon < 0) Fail(directory + ": no daemon answers");
        for (;;) {
            // poll(2) passes over what is -1. Without a daemon it tries again after a pause; the work goes on meanwhile, and
            // begins once both are open.
            int work = held[1] < 0 ? -1 : held[0];
            var ready = new[] {new Pollfd {fd = work, events = PollEvents.POLLIN}, new Pollfd {fd = daemon, events = PollEvents.POLLIN}};
            if (Syscall.poll(ready, daemon < 0 ? 100 : -1) < 0) continue; // EINTR
            ulong value = ready[0].revents != 0 ? Take(held[0]) : 0;
            if (value != 0) {
                Console.WriteLine("got " + value);
                Give(held[1], value);
            }
            if (daemon < 0) {
                daemon = Ask();
            } else if (ready[1].revents != 0 && !Hear(daemon)) {
                Syscall.close(daemon);
                daemon = -1;
            }
        }
    }
}
