import io.eventfdd.client.EventfdSemaphore;
import io.eventfdd.client.EventfddClient;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Workers in any number of JVMs that a semaphore eventfd feeds: each permit is one piece of work, and exactly one worker gets it.
 *
 * <pre>
 * java -cp 'lib/*' WorkerPool.java DIR work        waits for work, until there is none for 5 s
 * java -cp 'lib/*' WorkerPool.java DIR give 100    gives 100 pieces
 * </pre>
 */
public class WorkerPool {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    public static void main(String[] arguments) throws InterruptedException {
        try (EventfddClient client = EventfddClient.connect(Path.of(arguments[0]));
                EventfdSemaphore work = client.openSemaphore("work", 0)) {
            if (arguments[1].equals("give")) {
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
