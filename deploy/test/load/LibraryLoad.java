import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.client.ShuttingDownException;
import io.eventfdd.client.Transport;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.Signal;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Threads that use the library, two over HTTP and two on raw handles, each with one client after
 * the other. More threads share one client after the other over HTTP, and call at the same moments,
 * so that their calls leave together. All share eventfds, and no call may fail or be in doubt,
 * whatever becomes of the daemon meanwhile.
 *
 * <pre>
 * LibraryLoad DIRECTORY PREFIX SEED RATE        until a line on the standard input
 * </pre>
 *
 * <p>PREFIX begins the names of its eventfds, RATE is in calls a second, of which half are by the
 * threads that share a client. At its end it prints what
 * ledger.py reads: "wrote NAME SUM" and "took NAME SUM" for each eventfd, "call KIND NUMBER" and
 * "wrong WHAT".
 */
public class LibraryLoad {
    private static final int THREADS = 4;
    private static final int SHARING_THREADS = 16;
    private static final int CALLS_OF_A_BURST = 3;
    private static final int CALLS_OF_A_CLIENT = 400;

    /**
     * So that a busy machine, on which a daemon takes ten seconds to begin, leaves none in doubt.
     */
    private static final Duration LONG = Duration.ofMinutes(1);

    public static void main(String[] arguments) throws Exception {
        var loads = new Load[THREADS + SHARING_THREADS];
        var threads = new Thread[THREADS + 1];
        for (int i = 0; i < loads.length; i++) {
            loads[i] = new Load(arguments, i);
        }
        for (int i = 0; i < THREADS; i++) {
            threads[i] = new Thread(loads[i], "load-" + i);
        }
        var sharing = List.of(loads).subList(THREADS, loads.length);
        threads[THREADS] = new Thread(new Sharing(arguments, sharing), "load-sharing");
        for (var thread : threads) {
            thread.start();
        }
        System.in.read();
        for (var load : loads) {
            load.leaving = true;
        }
        for (var thread : threads) {
            thread.join();
        }
        for (var load : loads) {
            load.print();
        }
    }

    private static EventfddClient connect(Path directory, Transport transport) {
        return EventfddClient.builder()
                .runtimeDirectory(directory)
                .transport(transport)
                .outage(LONG)
                .timeout(LONG)
                .connect();
    }

    private static long pauseNanos(String[] arguments, int calls) {
        return (long) (1e9 * calls / (Double.parseDouble(arguments[3]) / 2));
    }

    /** Threads that share one client after the other, with two handles on each eventfd. */
    private static final class Sharing implements Runnable {
        private static final int WRITE = 0;
        private static final int TRY_WRITE = 4;
        private static final int WRITE_IN_TIME = 5;
        private static final int TRY_READ = 6;
        private static final int[] KINDS = {WRITE, TRY_WRITE, WRITE_IN_TIME, TRY_READ};

        private final Path directory;
        private final String prefix;
        private final List<Load> loads;
        private final long pauseNanos;

        Sharing(String[] arguments, List<Load> loads) {
            directory = Path.of(arguments[0]);
            prefix = arguments[1];
            this.loads = loads;
            pauseNanos = pauseNanos(arguments, SHARING_THREADS * CALLS_OF_A_BURST);
        }

        @Override
        public void run() {
            var threads = Executors.newFixedThreadPool(SHARING_THREADS);
            var first = loads.get(0);
            try {
                while (!first.leaving) {
                    useOneClient(threads, first);
                }
            } catch (Exception | Error e) {
                first.isWrong(e);
            } finally {
                threads.shutdown();
            }
        }

        private void useOneClient(ExecutorService threads, Load first) throws Exception {
            try (var client = connect(directory, Transport.HTTP)) {
                var names =
                        Map.of(
                                prefix + "counter", EventfdSpec.counter(),
                                prefix + "semaphore", EventfdSpec.semaphoreOf(0));
                var handles = new ArrayList<>(client.openAll(names));
                handles.addAll(client.openAll(names));
                var semaphores = handles.stream().filter(Eventfd::isSemaphore).toList();
                long next = System.nanoTime();
                for (int i = 0; i < CALLS_OF_A_CLIENT / CALLS_OF_A_BURST && !first.leaving; i++) {
                    int kind = KINDS[first.random.nextInt(KINDS.length)];
                    var among = kind == TRY_READ ? semaphores : handles;
                    var bursts = new ArrayList<Callable<Void>>();
                    for (var load : loads) {
                        bursts.add(() -> load.burst(client, kind, among));
                    }
                    for (var burst : threads.invokeAll(bursts)) {
                        burst.get();
                    }
                    next += pauseNanos;
                    TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
                }
            }
        }
    }

    private static final class Load implements Runnable {
        private final Path directory;
        private final String prefix;
        private final int number;
        private final String kind;
        private final Random random;
        private final long pauseNanos;
        private final Map<String, Long> wrote = new TreeMap<>();
        private final Map<String, Long> took = new TreeMap<>();
        private final Map<String, Integer> calls = new TreeMap<>();
        private int names;
        private String wrong = "";
        volatile boolean leaving;

        Load(String[] arguments, int number) {
            directory = Path.of(arguments[0]);
            prefix = arguments[1];
            random = new Random(Long.parseLong(arguments[2]) * 100 + number);
            pauseNanos = pauseNanos(arguments, THREADS);
            this.number = number;
            var transport = transport() == Transport.RAW ? "raw " : "HTTP ";
            kind = "library " + (number < THREADS ? transport : "shared ");
        }

        @Override
        public void run() {
            try {
                while (!leaving) {
                    useOneClient();
                }
            } catch (Exception | Error e) {
                isWrong(e);
            }
        }

        void isWrong(Throwable e) {
            e.printStackTrace();
            wrong = e.toString().replace('\n', ' ');
        }

        private Transport transport() {
            return number % 2 == 0 ? Transport.HTTP : Transport.RAW;
        }

        private void useOneClient() throws Exception {
            try (var client = connect(directory, transport());
                    var counter = client.open(prefix + "counter", EventfdSpec.counter());
                    var semaphore = client.open(prefix + "semaphore", EventfdSpec.semaphoreOf(0))) {
                long next = System.nanoTime();
                for (int i = 0; i < CALLS_OF_A_CLIENT && !leaving; i++) {
                    var both = List.of(counter, semaphore);
                    call(client, random.nextInt(16), both.get(random.nextInt(2)), both);
                    next += pauseNanos;
                    TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
                }
            }
        }

        /** Some calls of one kind, each on one of {@code handles}. */
        Void burst(EventfddClient client, int which, List<Eventfd> handles) throws Exception {
            for (int i = 0; i < CALLS_OF_A_BURST; i++) {
                call(client, which, handles.get(random.nextInt(handles.size())), handles);
            }
            return null;
        }

        private void call(EventfddClient client, int which, Eventfd eventfd, List<Eventfd> both)
                throws Exception {
            switch (which) {
                case 0, 1, 2, 3 -> {
                    long value = amount(eventfd);
                    eventfd.write(value);
                    wrote(eventfd, value, kind + "write");
                }
                case 4 -> {
                    long value = amount(eventfd);
                    if (eventfd.tryWrite(value)) {
                        wrote(eventfd, value, kind + "write");
                    }
                }
                case 5 -> {
                    long value = amount(eventfd);
                    if (eventfd.write(value, shortly())) {
                        wrote(eventfd, value, kind + "write");
                    }
                }
                case 6, 7 -> took(eventfd, eventfd.tryRead(), kind + "read");
                case 8, 9 -> took(eventfd, eventfd.read(shortly()), kind + "read");
                case 10 -> readLater(eventfd, kind + "read later");
                case 11 -> took(client.readAny(both, shortly()), kind + "read any");
                case 12 -> took(client.readAll(both, shortly()), kind + "read all");
                case 13 -> {
                    eventfd.await(shortly());
                    client.awaitAny(both, shortly());
                    client.awaitAll(both, shortly());
                    counted(kind + "await", 3);
                }
                case 14 -> look(client, eventfd);
                default -> aNameOfItsOwn(client);
            }
        }

        /** A future that is given up takes nothing, unless it was completed just before. */
        private void readLater(Eventfd eventfd, String kind)
                throws InterruptedException, ExecutionException {
            var future = eventfd.readAsync();
            try {
                took(
                        eventfd,
                        OptionalLong.of(future.get(random.nextInt(20), TimeUnit.MILLISECONDS)),
                        kind);
            } catch (TimeoutException e) {
                if (!future.cancel(false)) {
                    took(eventfd, OptionalLong.of(future.get()), kind);
                }
            }
            counted(kind, 1);
        }

        private void look(EventfddClient client, Eventfd eventfd) throws InterruptedException {
            require(
                    client.state(eventfd.name()).name().toString().equals(eventfd.name()),
                    "a state of another name");
            require(client.list(prefix).size() >= 2, "a list without what there is");
            require(eventfd.count() != -1, "a count that cannot be");
            counted("library state and list", 3);
            if (random.nextInt(4) == 0) {
                try (var watch = client.watch(eventfd.name())) {
                    watch.next();
                } catch (ShuttingDownException | ConnectionLostException e) {
                    // as a watch ends with its daemon
                }
                counted("library watch", 1);
            }
        }

        private void aNameOfItsOwn(EventfddClient client) throws InterruptedException {
            // not a name that a JVM before this one has left, which was killed
            var name = prefix + ProcessHandle.current().pid() + "-" + number + "-" + ++names;
            try (var own = client.open(name, EventfdSpec.counter().withInitial(3))) {
                own.write(4);
                require(own.read() == 7, "another count than the one that was made");
            }
            try {
                client.delete(name);
            } catch (NotFoundException e) {
                // carried out by a daemon whose answer did not come
            }
            counted("library name", 4);
        }

        private long amount(Eventfd eventfd) {
            return eventfd.isSemaphore() ? 1 + random.nextInt(2) : 1 + random.nextLong(1L << 30);
        }

        private Duration shortly() {
            return Duration.ofMillis(random.nextInt(10));
        }

        private void wrote(Eventfd eventfd, long value, String kind) {
            wrote.merge(eventfd.name(), value, Long::sum);
            counted(kind, 1);
        }

        private void took(Eventfd eventfd, OptionalLong value, String kind) {
            value.ifPresent(taken -> took.merge(eventfd.name(), taken, Long::sum));
            counted(kind, 1);
        }

        private void took(List<Signal> signals, String kind) {
            signals.forEach(signal -> took.merge(signal.name().value(), signal.value(), Long::sum));
            counted(kind, 1);
        }

        private void counted(String kind, int number) {
            calls.merge(kind, number, Integer::sum);
        }

        private static void require(boolean condition, String otherwise) {
            if (!condition) {
                throw new AssertionError(otherwise);
            }
        }

        void print() {
            wrote.forEach((name, sum) -> System.out.println("wrote " + name + " " + sum));
            took.forEach((name, sum) -> System.out.println("took " + name + " " + sum));
            calls.forEach((kind, number) -> System.out.println("call " + kind + " " + number));
            if (!wrong.isEmpty()) {
                System.out.println("wrong LibraryLoad: " + wrong);
            }
        }
    }
}
