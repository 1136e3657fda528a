package io.eventfdd.server.bridge;

import static io.eventfdd.server.bridge.Hosts.awaitCount;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.BridgeProcess;
import io.eventfdd.server.testing.Certificate;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.NatsAccount;
import io.eventfdd.server.testing.NatsServer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Bridges and a server that uses TLS and asks for credentials. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BridgeSecurityIT {
    @TempDir private Path files;

    @Test
    void signalsTravelOverTlsBetweenBridgesThatHaveCredentials() throws Exception {
        var certificate = Certificate.in(files);
        var account = NatsAccount.in(files);
        var credentials = account.credentials();
        try (var nats = NatsServer.startWith(options(certificate, account));
                var alpha = DaemonProcess.start();
                var beta = DaemonProcess.start()) {
            var server = "tls://127.0.0.1:" + nats.port();
            var head =
                    "nats: {servers: [\"%s\"], credentials: %s, options: %s}\nlinks:\n"
                            .formatted(server, credentials, clientOptions(certificate));
            var export = "- export: {name: a, subject: s, create: counter}\n";
            var imports = "- import: {name: b, subject: s, mode: share, create: counter}\n";
            try (var from =
                            BridgeProcess.startWith(
                                    alpha, "alpha", "host: alpha\n" + head + export);
                    var to =
                            BridgeProcess.startWith(
                                    beta, "beta", "host: beta\n" + head + imports)) {
                from.awaitLog("export a: running");
                alpha.write("a", 3);
                awaitCount(beta, "b", 3);
                assertThat(from.log() + to.log()).doesNotContain("ERROR");
            }
        }
    }

    @Test
    void passwordOfAUrlIsInNoLog() throws Exception {
        try (var nats = NatsServer.startWith(List.of("--user", "me", "--pass", "secret"));
                var daemon = DaemonProcess.start()) {
            var url = nats.url().replace("//", "//me:secret@");
            var links = "- export: {name: a, subject: s, create: counter}\n";
            nats.kill();
            try (var bridge =
                    BridgeProcess.startWith(
                            daemon, "host", BridgeProcess.yaml(url, "host", links))) {
                bridge.awaitLog("no server answers at " + nats.url());
                nats.restart();
                bridge.awaitLog("connected to " + nats.url()).awaitLog("export a: running");
                assertThat(bridge.log()).doesNotContain("the connection to NATS has ended");
                nats.kill();
                bridge.awaitLog("the connection to NATS has ended");
                nats.restart();
                BridgeProcess.until(() -> times("connected to", bridge) == 2);
                assertThat(times("has ended", bridge)).isEqualTo(1);
                assertThat(bridge.log()).doesNotContain("secret");
            }
        }
    }

    @Test
    void bridgeConnectsAgainWhenTheServerTakesItsUserAgain() throws Exception {
        var users = passwordIs("secret");
        try (var nats = NatsServer.startWith(List.of("-c", users.toString()));
                var daemon = DaemonProcess.start()) {
            var url = nats.url().replace("//", "//me:secret@");
            var links = "- export: {name: a, subject: s, create: counter}\n";
            try (var bridge =
                    BridgeProcess.startWith(
                            daemon, "host", BridgeProcess.yaml(url, "host", links))) {
                bridge.awaitLog("export a: running");
                nats.kill();
                var _ = passwordIs("another");
                nats.restart();
                bridge.awaitLog("no server answers at " + nats.url()); // jnats has given up
                daemon.write("a", 3);
                bridge.awaitLog("export a: publishing to s.host");
                nats.kill();
                var _ = passwordIs("secret");
                nats.restart();
                bridge.awaitLog("export a: running again"); // now it is published
                assertThat(times("connected to", bridge)).isEqualTo(2);
                assertThat(times("the server says", bridge)).isEqualTo(1);
            }
        }
    }

    private Path passwordIs(String password) throws Exception {
        return Files.writeString(
                files.resolve("users.conf"),
                "authorization {user: me, password: %s}\n".formatted(password));
    }

    private static int times(String text, BridgeProcess bridge) {
        return bridge.log().split(text, -1).length - 1;
    }

    private static List<String> options(Certificate certificate, NatsAccount account)
            throws Exception {
        return List.of(
                "-c",
                account.configuration().toString(),
                "--tls",
                "--tlscert",
                certificate.certificate().toString(),
                "--tlskey",
                certificate.key().toString());
    }

    private Path clientOptions(Certificate certificate) throws Exception {
        var text =
                "io.nats.client.trustStore=%s\nio.nats.client.trustStorePassword=%s\n"
                        .formatted(certificate.trustStore(), Certificate.PASSWORD);
        return Files.writeString(files.resolve("nats.properties"), text);
    }
}
