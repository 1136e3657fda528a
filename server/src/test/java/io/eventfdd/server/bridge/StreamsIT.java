package io.eventfdd.server.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.bridge.config.Servers;
import io.eventfdd.bridge.nats.Nats;
import io.eventfdd.bridge.nats.StreamPlan;
import io.eventfdd.bridge.nats.Streams;
import io.eventfdd.server.testing.NatsServer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/** The streams of several bridges. */
@Timeout(300)
class StreamsIT {
    private static final int HOSTS = 8;

    @Test
    void subjectsOfAllHostsThatStartAtOnceAreInTheStream() throws Exception {
        try (var server = NatsServer.start();
                var hosts = Executors.newFixedThreadPool(HOSTS)) {
            var subjects = IntStream.range(0, HOSTS).mapToObj(host -> "s" + host + ".*").toList();
            var servers = new Servers(List.of(server.url()), null, null);
            var start = new CyclicBarrier(HOSTS);
            var starts = new ArrayList<Callable<Long>>();
            for (var subject : subjects) {
                starts.add(() -> {
                    try (var nats = Nats.connect(servers, subject)) {
                        start.await();
                        var window = Duration.ofMinutes(10);
                        var plan = new StreamPlan("S", Set.of(subject), window, false);
                        return new Streams(nats, true).have(plan);
                    }
                });
            }
            for (var host : hosts.invokeAll(starts)) {
                assertThat(host.get()).isPositive();
            }
            List<String> found =
                    server.streams(streams ->
                            List.copyOf(
                                    streams.getStreamInfo("S").getConfiguration().getSubjects()));
            assertThat(found).containsExactlyInAnyOrderElementsOf(subjects);
        }
    }
}
