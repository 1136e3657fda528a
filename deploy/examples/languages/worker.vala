/* A worker on a named eventfd, in Vala, in GLib's main loop: each async method below sleeps in it.

     apt-get install valac libglib2.0-dev
     eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
     valac -X -w --pkg gio-unix-2.0 --pkg linux --pkg posix worker.vala && ./worker /tmp/eventfdd orders
     eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"

   It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
   lines of its stdin and ends with it. ../README.md says what all workers do. GJS can do the same but for the read: GIO
   waits where another reader was faster, and that would stop the loop. */

[CCode (cname = "preadv2", cheader_filename = "sys/uio.h", feature_test_macro = "_GNU_SOURCE")]
extern ssize_t preadv2 (int fd, Posix.iovector* parts, int count, Posix.off_t offset, int flags);
[CCode (cheader_filename = "sys/uio.h", feature_test_macro = "_GNU_SOURCE")]
extern const int RWF_NOWAIT;
[CCode (cheader_filename = "sys/socket.h")]
extern const int MSG_CTRUNC;

class Worker {
    string directory;
    string[] names;
    int[] held = { -1, -1 }; /* the descriptors: of the work, and of the reply */
    Socket daemon;

    Worker (string directory, string name) {
        this.directory = directory;
        names = { name, name + ".reply" };
    }

    void send (string request, int fd = -1) throws Error {
        SocketControlMessage[] rights = {};
        if (fd >= 0) {
            var message = new UnixFDMessage ();
            message.append_fd (fd);
            rights += message;
        }
        daemon.send_message (null, { OutputVector () { buffer = request, size = request.length } }, rights, 0);
    }

    async string hear (out int fd) throws Error {
        yield readable (daemon.fd);
        var answer = new uint8[65537];
        SocketControlMessage[] rights;
        int flags = 0;
        var size = daemon.receive_message (null, { InputVector () { buffer = answer, size = 65536 } }, out rights, ref flags);
        if (size == 0 || ":shutting-down\"" in (string) answer) throw new IOError.CLOSED ("the daemon ends");
        if ((flags & MSG_CTRUNC) != 0) fail ("too many open files: the descriptor was cut off");
        fd = rights.length > 0 ? ((UnixFDMessage) rights[0]).steal_fds ()[0] : -1; /* close-on-exec, as GIO makes all */
        return (string) answer;
    }

    /* The text of an answer that is a problem. */
    static string problem (string answer) {
        MatchInfo text;
        return /"(?:detail|problem)":"((?:[^"\\]|\\.)*)"/.match (answer, 0, out text) ? text.fetch (1) : answer;
    }

    /* Opens both, or brings both back ("donates") to the next daemon, as they outlived the one that they came from. */
    async void join () throws Error {
        daemon = new Socket (SocketFamily.UNIX, SocketType.SEQPACKET, SocketProtocol.DEFAULT);
        daemon.connect (new UnixSocketAddress (directory + "/fd.sock"));
        var opens = held[0] < 0;
        for (var i = 0; i < 2; i++)
            if (opens) send (@"{\"op\":\"open\",\"eventfds\":[{\"name\":\"$(names[i])\",\"create\":{}}]}");
            else send (@"{\"op\":\"donate\",\"eventfds\":[{\"name\":\"$(names[i])\",\"semaphore\":false}]}", held[i]);
        for (var i = 0; i < 2; i++) {
            int fd;
            var answer = yield hear (out fd);
            if (opens && fd < 0 || !opens && ("\"refused\"" in answer || !("\"result\"" in answer))) fail (@"$(names[i]): $(problem (answer))");
            if (!opens) say ("%s %s\n", names[i], fd >= 0 ? "replaced" : "\"same\"" in answer ? "same" : "adopted");
            if (opens) held[i] = fd;
            else if (fd >= 0) replace (held[i], fd);
        }
    }

    /* The name leads to another eventfd, which gets what is left on the old one. The number of the descriptor stays. */
    static void replace (int fd, int other) {
        var old = Posix.dup (fd);
        if (Linux.dup3 (other, fd, Posix.O_CLOEXEC) < 0) error ("dup3: %s", strerror (errno));
        give (fd, take (old));
        Posix.close (old);
        Posix.close (other);
    }

    async void stay () {
        for (;;) {
            yield readable (daemon.fd); /* nothing comes but the end of the connection */
            for (var joined = false; !joined;) {
                yield pause (100);
                try {
                    yield join ();
                    joined = true;
                } catch (Error e) {} /* there is no daemon yet */
            }
        }
    }

    async void serve () {
        for (;;) {
            yield readable (held[0]);
            var value = take (held[0]);
            if (value == 0) continue;
            say ("got %" + uint64.FORMAT + "\n", value);
            give (held[1], value);
        }
    }

    async void run () {
        try {
            yield join ();
        } catch (Error e) {
            fail (@"$directory: $(e.message)");
        }
        say ("ready\n");
        stay.begin ();
        serve.begin ();
        try {
            var lines = new DataInputStream (new UnixInputStream (Posix.STDIN_FILENO, false));
            string? line;
            while ((line = yield lines.read_line_async ()) != null) say ("line %s\n", line);
            Process.exit (0);
        } catch (Error e) {
            fail (e.message);
        }
    }

    /* Takes what there is, with one read of 8 bytes, and does not wait: another reader may have been faster, and RWF_NOWAIT
       holds although any other process may clear O_NONBLOCK, which belongs to all that hold this eventfd. */
    static uint64 take (int fd) {
        uint64 value = 0;
        var part = Posix.iovector () { iov_base = &value, iov_len = 8 };
        return preadv2 (fd, &part, 1, -1, RWF_NOWAIT) == 8 ? value : 0;
    }

    static void give (int fd, uint64 value) {
        if (value > 0 && Posix.write (fd, &value, 8) != 8) error ("write: %s", strerror (errno));
    }

    static async void readable (int fd) {
        new IOChannel.unix_new (fd).add_watch (IN | HUP, () => { readable.callback (); return Source.REMOVE; });
        yield;
    }

    static async void pause (uint milliseconds) {
        Timeout.add (milliseconds, () => { pause.callback (); return Source.REMOVE; });
        yield;
    }

    static void say (string format, ...) {
        stdout.vprintf (format, va_list ());
        stdout.flush ();
    }

    static void fail (string problem) {
        printerr ("%s\n", problem);
        Process.exit (1);
    }

    static int main (string[] args) {
        if (args.length != 3) {
            printerr ("usage: worker DIR NAME\n");
            return 2;
        }
        new Worker (args[1], args[2]).run.begin ();
        new MainLoop ().run ();
        return 0;
    }
}
