import io.eventfdd.client.EventfdLease;
import io.eventfdd.client.EventfdSemaphore;
import io.eventfdd.client.EventfddClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A work queue that loses no item: each permit of a semaphore eventfd is an item, and a worker takes it under a lease. The worker
 * commits the lease when the item is done. If the worker is killed before that, the item comes back, and another worker gets it.
 * A worker waits until there was no item for 5 s. To run it, in the checkout:
 *
 * <pre>
 * server/bin/eventfdd serve --runtime-dir /tmp/eventfdd       # in a shell of its own
 * java -cp 'server/target/dist/lib/*' deploy/examples/WorkQueue.java /tmp/eventfdd give 10
 * java -cp 'server/target/dist/lib/*' deploy/examples/WorkQueue.java /tmp/eventfdd work 60000 &amp;   # a minute for an item
 * kill -9 %1                                                  # as soon as it has printed "took 1"
 * java -cp 'server/target/dist/lib/*' deploy/examples/WorkQueue.java /tmp/eventfdd work 100        # prints "done 10" at its end
 * </pre>
 */
public class WorkQueue {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length != 3 || !arguments[1].matches("give|work")) {
            System.err.println("usage: WorkQueue DIR give N, or WorkQueue DIR work MILLISECONDS");
            System.exit(2);
        }
        try (EventfddClient client = EventfddClient.connect(Path.of(arguments[0]));
                EventfdSemaphore items = client.openSemaphore("items", 0)) {
            if (arguments[1].equals("give")) {
                items.release(Long.parseLong(arguments[2]));
                return;
            }
            Duration work = Duration.ofMillis(Long.parseLong(arguments[2]));
            int done = 0;
            while (true) {
                Optional<EventfdLease> item = items.tryAcquireLease(1, PATIENCE);
                if (item.isEmpty()) {
                    System.out.println("done " + done);
                    return;
                }
                try (EventfdLease lease = item.get()) { // an exception gives the item back too
                    System.out.println("took " + (done + 1));
                    Thread.sleep(work.toMillis()); // the work on the item
                    lease.commit();
                    done++;
                }
            }
        }
    }
}
