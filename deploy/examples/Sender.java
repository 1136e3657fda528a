import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfdSpec;

public class Sender {
    public static void main(String[] arguments) {
        try (EventfddClient client = EventfddClient.connect();
                Eventfd orders = client.open("orders", EventfdSpec.counter())) {
            orders.write(3); // one write(2), which does not involve the daemon
            System.out.println("sent 3");
        }
    }
}
