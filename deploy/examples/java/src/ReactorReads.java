import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfdSpec;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * A Mono and a Flux of what is read from an eventfd: each value that is requested is one {@code readAsync}, nothing is read ahead, and
 * a subscription that is cancelled loses nothing. To run it, in the checkout:
 *
 * <pre>
 * mvn -q -Pexamples -DskipTests package
 * server/bin/eventfdd serve --runtime-dir /tmp/eventfdd            # in a shell of its own
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
        return reads(eventfd::readAsync, eventfd::write);
    }

    /** As {@link #reads(Eventfd)}, with reads of another kind, such as {@code () -> eventfd.readAsync().orTimeout(1, SECONDS)}. */
    static Flux<Long> reads(Supplier<CompletableFuture<Long>> read, LongConsumer putBack) {
        return Flux.from(subscriber -> subscriber.onSubscribe(new Reads(read, putBack, subscriber)));
    }

    /**
     * Reads one value after the other as long as more were requested than came.
     *
     * <p>A value that comes after the cancellation goes back to the eventfd. What was handed to onNext is the subscriber's, and an
     * operator that cuts the stream off from another thread drops a value that comes in that very moment. So prefer reads with
     * {@code orTimeout(…)} to the operator {@code timeout(…)}, and {@code take(n)} to {@code takeUntilOther(…)}.
     */
    private static final class Reads implements Subscription {
        private final Supplier<CompletableFuture<Long>> read;
        private final LongConsumer putBack;
        private final Subscriber<? super Long> subscriber;
        private final AtomicLong requested = new AtomicLong();
        private volatile CompletableFuture<Long> next = new CompletableFuture<>();
        private volatile boolean cancelled;

        Reads(Supplier<CompletableFuture<Long>> read, LongConsumer putBack, Subscriber<? super Long> subscriber) {
            this.read = read;
            this.putBack = putBack;
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
                CompletableFuture<Long> asked = read.get();
                next = asked;
                if (cancelled) {
                    // cancel() may have seen the one before.
                    asked.cancel(false);
                }
                if (!asked.isDone()) {
                    asked.whenComplete((value, failure) -> {
                        if (arrived(asked)) {
                            readOn();
                        }
                    });
                    return;
                }
                if (!arrived(asked)) {
                    return;
                }
            }
        }

        /** Hands on what the future was completed with; whether one more is wanted. */
        private boolean arrived(CompletableFuture<Long> asked) {
            long value;
            try {
                value = asked.join();
            } catch (RuntimeException e) {
                if (!cancelled) {
                    cancelled = true;
                    subscriber.onError(e.getCause() == null ? e : e.getCause());
                }
                return false;
            }
            if (cancelled) {
                putBack.accept(value);
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
        if (arguments.length != 2) {
            System.err.println("usage: ReactorReads DIR NAME");
            System.exit(2);
        }
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

            System.out.println("cancelled too late: left " + leftByALateCancellation(permits));
            System.out.println("cancelled as it reads: " + isCancelledAsItReads(permits));
            System.out.println("race: " + race(permits) + " of " + ROUNDS + " permits were taken or left");
        }
    }

    /** A value that is faster than the cancellation goes back. */
    private static long leftByALateCancellation(Eventfd permits) {
        permits.write(1);
        var read = new CompletableFuture<Long>() {
            @Override
            public boolean cancel(boolean mayInterruptIfRunning) {
                complete(permits.tryRead().orElseThrow());
                return super.cancel(mayInterruptIfRunning);
            }
        };
        Disposable waiting = reads(() -> read, permits::write).subscribe(value -> System.out.println("never printed"));
        waiting.dispose();
        return permits.tryRead().orElse(0);
    }

    /** A read that begins while its subscription is cancelled is cancelled too. */
    private static boolean isCancelledAsItReads(Eventfd permits) {
        CompletableFuture<Long> read = permits.readAsync();
        var subscriber = new BaseSubscriber<Long>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(1);
            }
        };
        reads(() -> {
                    subscriber.cancel();
                    return read;
                }, permits::write)
                .subscribe(subscriber);
        return read.isCancelled();
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
