package app;

import com.fasterxml.jackson.core.json.PackageVersion;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

import java.nio.file.Path;

/** An application of Spring Boot, which chooses the versions of what the library needs. */
@SpringBootApplication
public class Application {
    public static void main(String[] arguments) {
        // what an application waits for in its life would be here
        SpringApplication.run(Application.class, arguments).close();
    }

    @Bean
    EventfddClient eventfdd(@Value("${directory}") Path directory) {
        return EventfddClient.builder().runtimeDirectory(directory).connect();
    }

    @Bean
    Eventfd orders(EventfddClient eventfdd) {
        return eventfdd.open("orders", EventfdSpec.counter());
    }

    @Bean
    CommandLineRunner signals(
            @Value("${directory}") Path directory, EventfddClient eventfdd, Eventfd orders) {
        return arguments -> {
            System.out.println("Jackson " + PackageVersion.VERSION);
            orders.write(3);
            System.out.println(eventfdd.transport() + " " + eventfdd.state("orders").count());
            var overHttp =
                    EventfddClient.builder().runtimeDirectory(directory).transport(Transport.HTTP);
            try (var client = overHttp.connect();
                    var same = client.open("orders")) {
                System.out.println(client.transport() + " " + same.read());
            }
        };
    }
}
