import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfdSpec;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * A Mono and a Flux of what is read from an eventfd: each value that is requested is one {@code readAsync}, nothing is read ahead, and
 * a subscription that is cancelled loses nothing. To run it, in the checkout:
 *
 * <pre>
 * mvn -q -Pexamples -DskipTests package
 * java --enable-native-access=ALL-UNNAMED -cp 'deploy/examples/java/target/lib/*' ReactorReads /tmp/eventfdd permits
 * </pre>
 */
public final class ReactorReads {
    private static final int ROUNDS = 200;

    private ReactorReads() {}

    /** The next value. It is taken once somebody subscribes and requests it. */
    static Mono<Long> read(Eventfd eventfd) {
        return reads(eventfd).next();
    }

    /** All values to come, without an end. */
    static Flux<Long> reads(Eventfd eventfd) {
        return Flux.from(subscriber -> subscriber.onSubscribe(new Reads(eventfd, subscriber)));
    }

    /**
     * Reads one value after the other as long as more were requested than came.
     *
     * <p>A value that comes after the cancellation goes back to the eventfd. What was handed to onNext is the subscriber's, and an
     * operator that cuts the stream off from another thread drops a value that comes in that very moment. So prefer
     * {@code readAsync().orTimeout(…)} to {@code timeout(…)}, and {@code take(n)} to {@code takeUntilOther(…)}.
     */
    private static final class Reads implements Subscription {
        private final Eventfd eventfd;
        private final Subscriber<? super Long> subscriber;
        private final AtomicLong requested = new AtomicLong();
        private volatile CompletableFuture<Long> next = new CompletableFuture<>();
        private volatile boolean cancelled;

        Reads(Eventfd eventfd, Subscriber<? super Long> subscriber) {
            this.eventfd = eventfd;
            this.subscriber = subscriber;
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                cancel();
                subscriber.onError(new IllegalArgumentException("request(" + n + "): it takes 1 or more"));
            } else if (requested.getAndAccumulate(n, Operators::addCap) == 0) {
                readOn();
            }
        }

        /** A loop, not a recursion: many values may stand there already. One thread at a time is in it. */
        private void readOn() {
            while (!cancelled) {
                CompletableFuture<Long> read = eventfd.readAsync();
                next = read;
                if (cancelled) {
                    // cancel() may have seen the one before.
                    read.cancel(false);
                }
                if (!read.isDone()) {
                    read.whenComplete((value, failure) -> {
                        if (arrived(read)) {
                            readOn();
                        }
                    });
                    return;
                }
                if (!arrived(read)) {
                    return;
                }
            }
        }

        /** Hands on what the future was completed with; whether one more is wanted. */
        private boolean arrived(CompletableFuture<Long> read) {
            long value;
            try {
                value = read.join();
            } catch (RuntimeException e) {
                if (!cancelled) {
                    cancelled = true;
                    subscriber.onError(e.getCause() == null ? e : e.getCause());
                }
                return false;
            }
            if (cancelled) {
                eventfd.write(value);
                return false;
            }
            subscriber.onNext(value);
            return requested.updateAndGet(wanted -> wanted == Long.MAX_VALUE ? wanted : wanted - 1) > 0;
        }

        @Override
        public void cancel() {
            cancelled = true;
            // A future that is cancelled takes nothing: the library puts back what it had taken for it just then.
            next.cancel(false);
        }
    }

    public static void main(String[] arguments) throws Exception {
        try (EventfddClient client = EventfddClient.connect(Path.of(arguments[0]));
                Eventfd permits = client.open(arguments[1], EventfdSpec.semaphoreOf(0))) {
            permits.write(5);
            System.out.println("mono: " + read(permits).block());
            System.out.println("flux: " + reads(permits).take(3).collectList().block() + ", left " + permits.count());

            long last = permits.tryRead().orElseThrow();
            Disposable waiting = read(permits).subscribe(value -> System.out.println("never printed"));
            waiting.dispose();
            permits.write(last);
            System.out.println("cancelled: left " + permits.count());
            permits.read();

            System.out.println("race: " + race(permits) + " of " + ROUNDS + " permits were taken or left");
        }
    }

    /** Cancels just when a value comes, which is then either taken or left; how many of them were found again. */
    private static long race(Eventfd permits) throws InterruptedException {
        var taken = new AtomicLong();
        long left = 0;
        for (int round = 1; round <= ROUNDS; round++) {
            Disposable waiting = reads(permits).take(1).subscribe(taken::addAndGet);
            permits.write(1);
            waiting.dispose();
            // Another thread may hand it over, or write it back, a moment later.
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
            while (taken.get() + left < round && System.nanoTime() < end) {
                left += permits.tryRead().orElse(0);
            }
        }
        return taken.get() + left;
    }
}
