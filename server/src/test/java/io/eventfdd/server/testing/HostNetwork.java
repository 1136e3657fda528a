package io.eventfdd.server.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The network of another host: a network namespace whose only link to ours can be cut. While it is
 * cut, packets get lost and no connection ends. For one thread.
 */
public final class HostNetwork implements AutoCloseable {
    private static final int MOST = 200;

    /** As {@code ip netns list} shows the name of one, at the beginning of a line. */
    private static final Pattern NAME = Pattern.compile("(?m)^efd-(\\d+)-(\\d+)\\b");

    private final String name;
    private final String cable;
    private final String network;

    private HostNetwork(long process, int number) {
        this.name = "efd-" + process + "-" + number;
        this.cable = "efd" + process + "-" + number;
        this.network = "10.213." + number + ".";
    }

    /**
     * Makes one. The test is skipped without the rights to.
     *
     * @param number of this network, below 200, which no other one has at the same time
     */
    public static HostNetwork make(int number) throws IOException {
        assertThat(number).isBetween(0, MOST - 1);
        assumeTrue(
                "root".equals(System.getProperty("user.name")) && isThere("ip", "-V"),
                "SKIP: network namespaces need root and ip (apt-get install iproute2)");
        removeThoseOfTheDead();
        var made = new HostNetwork(ProcessHandle.current().pid(), number);
        try {
            made.connect();
        } catch (IOException | AssertionError e) {
            made.close();
            throw e;
        }
        return made;
    }

    private static boolean isThere(String... command) {
        try {
            var process =
                    new ProcessBuilder(command)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            return process.onExit().join().exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** A run that was killed leaves its networks, whose addresses would be in the way. */
    private static void removeThoseOfTheDead() throws IOException {
        var found = NAME.matcher(ip("netns", "list"));
        while (found.find()) {
            long process = Long.parseLong(found.group(1));
            if (ProcessHandle.of(process).isEmpty()) {
                new HostNetwork(process, Integer.parseInt(found.group(2))).close();
            }
        }
    }

    private void connect() throws IOException {
        ip("netns", "add", name);
        ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name);
        ip("addr", "add", network + "1/30", "dev", cable);
        ip("link", "set", cable, "up");
        ip("-n", name, "addr", "add", network + "2/30", "dev", "eth0");
        ip("-n", name, "link", "set", "lo", "up");
        ip("-n", name, "link", "set", "eth0", "up");
    }

    /** A command that becomes the one behind it, on that host. */
    public List<String> prefix() {
        return List.of("ip", "netns", "exec", name);
    }

    /** The address under which that host finds this one. */
    public String ours() {
        return network + "1";
    }

    /** Cuts the link. */
    public void cut() throws IOException {
        ip("link", "set", cable, "down");
    }

    /** Mends the link. */
    public void mend() throws IOException {
        ip("link", "set", cable, "up");
    }

    private static String ip(String... words) throws IOException {
        var command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(words));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.onExit().join().exitValue()).as(command + ": " + said).isZero();
        return said;
    }

    @Override
    public void close() throws IOException {
        // The kernel takes its time to remove the link with the namespace, and the name of the link
        // must be free when this returns.
        if (Files.exists(Path.of("/sys/class/net", cable))) {
            ip("link", "del", cable);
        }
        ip("netns", "del", name);
    }
}
