import io.eventfdd.client.EventfdSemaphore;
import io.eventfdd.client.EventfddClient;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Workers in any number of JVMs that a semaphore eventfd feeds: each permit is one piece of work, and exactly one worker gets it.
 * A worker waits until there was no work for 5 s. To run them, in the checkout:
 *
 * <pre>
 * server/bin/eventfdd serve --runtime-dir /tmp/eventfdd       # in a shell of its own
 * java -cp 'server/target/dist/lib/*' deploy/examples/WorkerPool.java /tmp/eventfdd work &amp;
 * java -cp 'server/target/dist/lib/*' deploy/examples/WorkerPool.java /tmp/eventfdd give 100
 * </pre>
 */
public class WorkerPool {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    public static void main(String[] arguments) throws InterruptedException {
        boolean gives = arguments.length == 3 && arguments[1].equals("give");
        if (!gives && (arguments.length != 2 || !arguments[1].equals("work"))) {
            System.err.println("usage: WorkerPool DIR work, or WorkerPool DIR give N");
            System.exit(2);
        }
        try (EventfddClient client = EventfddClient.connect(Path.of(arguments[0]));
                EventfdSemaphore work = client.openSemaphore("work", 0)) {
            if (gives) {
                work.release(Long.parseLong(arguments[2]));
                return;
            }
            System.out.println("ready");
            int done = 0;
            while (work.tryAcquire(PATIENCE)) {
                done++;
            }
            System.out.println("done " + done);
        }
    }
}
