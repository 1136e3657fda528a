<?php
// A worker on a named eventfd, in PHP: stream_select waits for the raw descriptor.
//
//   apt-get install php-cli
//   eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
//   php worker.php /tmp/eventfdd orders
//   eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
//
// It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
// lines of its stdin and ends with it. ../README.md says what all workers do.
declare(strict_types=1);

if ($argc !== 3) {
    fail("usage: worker.php DIR NAME");
}
[, $directory, $name] = $argv;
$held = ["$name.reply" => null, $name => null];     // the eventfd of each name, as a stream
[$daemon, $asked] = ask();                          // the connection, and the names for which an answer is to come
if (!$daemon) {
    fail("$directory/fd.sock: " . socket_strerror(socket_last_error()));
}

for (;;) {
    // PHP's sockets become streams for stream_select. Without a daemon it tries again after a pause; the work goes on meanwhile.
    $ready = array_filter(['stdin' => STDIN, 'work' => $held[$name], 'daemon' => $daemon ? socket_export_stream($daemon) : null]);
    $none = null;
    if (@stream_select($ready, $none, $none, $daemon ? null : 0, $daemon ? null : 100_000) === false) {
        continue;                                   // EINTR
    }
    if (isset($ready['work']) && ($value = take($held[$name])) !== null) {
        printf("got %u\n", unpack('Q', $value)[1]); // PHP's integers are signed
        give($held["$name.reply"], $value);
    }
    if (isset($ready['daemon']) && !hear()) {
        $daemon = null;
    } elseif (!$daemon) {
        [$daemon, $asked] = ask();
    }
    if (isset($ready['stdin'])) {
        $line = fgets(STDIN);
        if ($line === false) {
            exit(0);
        }
        echo "line $line";
    }
}

/**
 * The 8 bytes of a value, null if another reader was faster. O_NONBLOCK belongs to all that hold this eventfd, so another
 * process may have cleared it: it is set again before each read, since PHP has no read that never blocks.
 */
function take($eventfd): ?string
{
    stream_set_blocking($eventfd, false);
    $value = fread($eventfd, 8);
    return is_string($value) && strlen($value) === 8 ? $value : null;
}

function give($eventfd, string $value): void
{
    if (fwrite($eventfd, $value) !== 8) {
        fail("the eventfd has no room");
    }
}

/**
 * Connects and asks for both names, without waiting for the answers: opens what is not held yet, and brings back ("donates")
 * what is, since an eventfd outlives the daemon that it came from.
 */
function ask(): array
{
    global $directory, $held;
    $s = socket_create(AF_UNIX, SOCK_SEQPACKET, 0);
    socket_set_nonblock($s);
    if (!@socket_connect($s, "$directory/fd.sock")) {
        return [null, []];
    }
    foreach ($held as $name => $eventfd) {
        $request = ['op' => 'open', 'eventfds' => [['name' => $name, 'create' => new stdClass()]]];
        $control = [];
        if ($eventfd) {
            $request = ['op' => 'donate', 'eventfds' => [['name' => $name]]];
            $control = [['level' => SOL_SOCKET, 'type' => SCM_RIGHTS, 'data' => [$eventfd]]];
        }
        if (!@socket_sendmsg($s, ['iov' => [json_encode($request)], 'control' => $control], MSG_NOSIGNAL)) {
            return [null, []];
        }
    }
    return [$s, array_keys($held)];
}

/** Takes one answer of the daemon, with the descriptor that it may bring; false when the connection has ended. */
function hear(): bool
{
    global $daemon, $asked, $held, $name;
    $packet = ['buffer_size' => 65536, 'controllen' => socket_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 1)];
    $size = @socket_recvmsg($daemon, $packet, MSG_CMSG_CLOEXEC);
    if (!$size) {
        return $size === false && in_array(socket_last_error($daemon), [SOCKET_EAGAIN, SOCKET_EINTR], true);
    }
    if ($packet['flags'] & MSG_CTRUNC) {
        fail("too many open files: the descriptor was cut off");
    }
    if (str_contains($packet['iov'][0], ':shutting-down"')) {
        return false;
    }
    $answer = json_decode($packet['iov'][0], true);
    $which = array_shift($asked);
    $entry = $answer['eventfds'][0] ?? [];
    $problem = $answer['detail'] ?? $entry['problem'] ?? null;
    if ($problem) {
        fail("$which: $problem");
    }
    if ($packet['control']) {
        $old = $held[$which];
        $held[$which] = $packet['control'][0]['data'][0];
        stream_set_read_buffer($held[$which], 0);   // exactly one read(2) of 8 bytes
        if ($old && ($left = take($old)) !== null) {
            give($held[$which], $left);             // replaced: what is left on the old one moves to the new one
        }
    }
    if (isset($entry['result'])) {
        echo "$which {$entry['result']}\n";
    } elseif ($which === $name) {
        echo "ready\n";
    }
    return true;
}

function fail(string $why): never
{
    fwrite(STDERR, "$why\n");
    exit(1);
}
