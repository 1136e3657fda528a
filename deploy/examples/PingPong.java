import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfdSpec;
import java.nio.file.Path;

/**
 * Two JVMs that signal each other, a write(2) and a read(2) a turn, with the daemon out of the way. To run them, in the checkout:
 *
 * <pre>
 * server/bin/eventfdd serve --runtime-dir /tmp/eventfdd       # in a shell of its own
 * java -cp 'server/target/dist/lib/*' deploy/examples/PingPong.java /tmp/eventfdd pong 100000 &amp;
 * java -cp 'server/target/dist/lib/*' deploy/examples/PingPong.java /tmp/eventfdd ping 100000
 * </pre>
 */
public class PingPong {
    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length != 3) {
            System.err.println("usage: PingPong DIR ping|pong ROUNDS");
            System.exit(2);
        }
        boolean pings = arguments[1].equals("ping");
        int rounds = Integer.parseInt(arguments[2]);
        try (EventfddClient client = EventfddClient.connect(Path.of(arguments[0]));
                Eventfd ping = client.open("ping", EventfdSpec.counter());
                Eventfd pong = client.open("pong", EventfdSpec.counter())) {
            Eventfd mine = pings ? pong : ping;
            Eventfd theirs = pings ? ping : pong;
            long begin = System.nanoTime();
            for (int i = 0; i < rounds; i++) {
                if (pings) {
                    theirs.write(1);
                }
                mine.read();
                if (!pings) {
                    theirs.write(1);
                }
            }
            long nanos = (System.nanoTime() - begin) / rounds;
            System.out.println(arguments[1] + ": " + rounds + " rounds, " + nanos + " ns each, Java "
                    + System.getProperty("java.specification.version"));
        }
    }
}
