import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfdSpec;

public class Receiver {
    public static void main(String[] arguments) throws InterruptedException {
        try (EventfddClient client = EventfddClient.connect();
                Eventfd orders = client.open("orders", EventfdSpec.counter())) {
            long count = orders.read(); // sleeps until the count is not 0, and takes it
            System.out.println("received " + count);
        }
    }
}
