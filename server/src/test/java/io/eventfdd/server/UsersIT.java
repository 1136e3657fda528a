package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;

import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.JsonText;
import io.eventfdd.server.testing.Ran;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Who may do what, with real users on both sockets. Only root can be all of them. */
@Timeout(300)
class UsersIT {
    private static final int GROUP = 30001;
    private static final int NOT_THE_GROUP = 30002;
    private static final String FORBIDDEN = "403 forbidden EACCES";

    private static DaemonProcess daemon;
    private static Process helper;
    private static BufferedReader answers;
    private static PrintStream calls;

    /** A user; none of those made here is in the passwd file, as in a container. */
    record User(long uid, int gid, List<Integer> groups) {
        static final User ROOT = new User(0, 0, List.of());

        /** In the group as well, which must not help: the class of the owner comes first. */
        static final User OWNER = new User(20001, GROUP, List.of(GROUP));

        static final User MEMBER = new User(20002, GROUP, List.of());
        static final User MEMBER_BY_A_SUPPLEMENTARY_GROUP =
                new User(20003, NOT_THE_GROUP, List.of(30003, GROUP, 30004));
        static final User STRANGER = new User(20004, NOT_THE_GROUP, List.of(30003));

        /** The highest that is one. */
        static final User LAST = new User(4294967294L, NOT_THE_GROUP, List.of());
    }

    private record Call(String method, String path, String body) {}

    private record Answer(int status, String body) {
        JsonNode json() {
            return JsonText.parse(body);
        }

        /** The status, and for a problem its name and errno. */
        String inShort() {
            return body.contains("urn:eventfdd:problem:")
                    ? (json().get("status").asInt()
                                    + " "
                                    + json().get("type").asText().substring(21)
                                    + " "
                                    + json().path("errno").asText())
                            .strip()
                    : Integer.toString(status);
        }
    }

    /** One class of one eventfd's users, and what its three bits let it do. */
    record Row(String who, User user, int classShift, int digit) {
        String name() {
            return who.replace(' ', '-') + "-" + digit;
        }

        /** The other classes have just what this one has not. */
        String mode() {
            int others = 06 - digit;
            int mode = (others << 6) | (others << 3) | others;
            return "%04o".formatted((mode & ~(07 << classShift)) | (digit << classShift));
        }

        boolean reads() {
            return (digit & 04) != 0 || user.uid() == 0;
        }

        boolean writes() {
            return (digit & 02) != 0 || user.uid() == 0;
        }

        boolean deletes() {
            return user.equals(User.OWNER) || user.uid() == 0;
        }

        @Override
        public String toString() {
            return who + ", where the mode is " + mode();
        }
    }

    static Stream<Row> rows() {
        return Stream.of(0, 2, 4, 6)
                .flatMap(digit ->
                        Stream.of(
                                new Row("owner", User.OWNER, 6, digit),
                                new Row("group", User.MEMBER, 3, digit),
                                new Row(
                                        "supplementary group",
                                        User.MEMBER_BY_A_SUPPLEMENTARY_GROUP,
                                        3,
                                        digit),
                                new Row("other", User.STRANGER, 0, digit),
                                new Row("root", User.ROOT, 0, digit)));
    }

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(OpenFiles.effectiveUser() == 0, "only root can be other users");
        daemon = DaemonProcess.start("--directory-mode=0755", "--socket-mode=0666");
        Files.setPosixFilePermissions(
                daemon.directory().getParent(), PosixFilePermissions.fromString("rwxr-xr-x"));
        giveItsDirectoryToTheGroup();
        var script = Path.of(UsersIT.class.getResource("/as_user.py").toURI());
        helper =
                new ProcessBuilder("python3", script.toString(), daemon.directory().toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        answers = helper.inputReader();
        calls = new PrintStream(helper.getOutputStream(), true, StandardCharsets.UTF_8);
        as(User.OWNER, put("open-to-all", "{\"initial\":5,\"mode\":\"0666\"}"));
    }

    private static void giveItsDirectoryToTheGroup() throws Exception {
        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).isZero();
        Files.setAttribute(daemon.directory(), "unix:gid", GROUP);
        daemon.restart();
    }

    @AfterAll
    static void stop() throws IOException {
        if (helper != null) {
            helper.destroyForcibly();
        }
        if (daemon != null) {
            daemon.close();
        }
    }

    private static List<Answer> as(User user, Call... what) throws IOException {
        var line = Json.object().put("uid", user.uid()).put("gid", user.gid());
        var groups = line.putArray("groups");
        user.groups().forEach(groups::add);
        var array = line.putArray("calls");
        for (var call : what) {
            array.addObject()
                    .put("method", call.method())
                    .put("path", call.path())
                    .put("body", call.body());
        }
        calls.println(line);
        var answer = new ArrayList<Answer>();
        JsonText.parse(answers.readLine())
                .forEach(one -> answer.add(new Answer(one.get(0).asInt(), one.get(1).asText())));
        return answer;
    }

    private static List<String> asInShort(User user, Call... what) throws IOException {
        return as(user, what).stream().map(Answer::inShort).toList();
    }

    private static Call call(String method, String name, String verb) {
        return new Call(method, "/v1/eventfds/" + name + verb, "");
    }

    private static Call put(String name, String body) {
        return new Call("PUT", "/v1/eventfds/" + name, body);
    }

    /** A request for raw descriptors, of entries as JSON. */
    private static Call open(String... entries) {
        return new Call(
                "OPEN", "", "{\"op\":\"open\",\"eventfds\":[" + String.join(",", entries) + "]}");
    }

    private static String entry(String name) {
        return "{\"name\":\"" + name + "\"}";
    }

    private static String entry(String name, String create) {
        return "{\"name\":\"" + name + "\",\"create\":" + create + "}";
    }

    private static String spec(Row row) {
        return "{\"initial\":5,\"mode\":\"" + row.mode() + "\"}";
    }

    @ParameterizedTest
    @MethodSource("rows")
    void theFirstClassThatFitsSaysWhatAUserMayDo(Row row) throws IOException {
        var name = row.name();
        var spec = spec(row);
        assertThat(asInShort(User.OWNER, put(name, spec))).containsExactly("201");

        var both = "{\"eventfds\":[\"open-to-all\",\"" + name + "\"]}";
        var readers =
                asInShort(
                        row.user(),
                        call("GET", name, ""),
                        call("GET", name, "/wait?timeout=0s"),
                        call("GET", name, "/watch"),
                        new Call("POST", "/v1/wait", both),
                        call("POST", name, "/read"));
        assertThat(readers).containsOnly(row.reads() ? "200" : FORBIDDEN).hasSize(5);

        assertThat(
                        asInShort(
                                row.user(),
                                put(name, spec),
                                put(name, "{\"semaphore\":true}"),
                                new Call("PUT If-None-Match: *", "/v1/eventfds/" + name, "")))
                .isEqualTo(
                        row.reads()
                                ? List.of("200", "409 exists EEXIST", "412 precondition-failed")
                                : List.of(FORBIDDEN, FORBIDDEN, FORBIDDEN));

        assertThat(asInShort(row.user(), call("POST", name, "/write")))
                .containsExactly(row.writes() ? "200" : FORBIDDEN);

        boolean raw = row.reads() && row.writes();
        assertThat(
                        asInShort(
                                row.user(),
                                open(entry(name)),
                                open(entry("open-to-all"), entry(name)),
                                open(entry(name, spec)),
                                open(entry(name, "{\"exclusive\":true}"))))
                .isEqualTo(
                        raw
                                ? List.of("1", "2", "1", "409 exists EEXIST")
                                : List.of(FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN));

        var list = as(row.user(), new Call("GET", "/v1/eventfds", "")).getFirst().json();
        assertThat(list.findValuesAsText("name")).contains("open-to-all");
        assertThat(list.findValuesAsText("name").contains(name)).isEqualTo(row.reads());

        assertThat(asInShort(row.user(), call("DELETE", name, "")))
                .containsExactly(row.deletes() ? "204" : FORBIDDEN);
        assertThat(asInShort(User.ROOT, call("GET", name, "")))
                .containsExactly(row.deletes() ? "404 not-found ENOENT" : "200");
    }

    @Test
    void theCommandWriteNeedsNoRightToRead() throws Exception {
        as(User.OWNER, put("written-blindly", "{\"mode\":\"0602\"}"));
        var ran =
                Ran.of(
                        Ran.beginUnder(
                                Ran.asUser(20004, 30002), daemon, "write", "written-blindly", "3"));
        assertThat(ran).isEqualTo(new Ran(0, ""));
        assertThat(daemon.state("written-blindly").path("count").asInt()).isEqualTo(3);
    }

    @Test
    void aRefusalSaysWhoMayNotDoWhatAndWhy() throws IOException {
        as(User.OWNER, put("owned", "{\"mode\":\"0600\"}"));
        assertThat(
                        as(
                                User.STRANGER,
                                call("GET", "owned", ""),
                                call("POST", "owned", "/write"),
                                call("DELETE", "owned", "")))
                .extracting(answer -> answer.json().get("detail").asText())
                .containsExactly(
                        "user 20004 may not read \"owned\" (mode 0600, owner 20001)",
                        "user 20004 may not write \"owned\" (mode 0600, owner 20001)",
                        "user 20004 may not delete \"owned\": only its owner, user 20001, and root"
                                + " may");
    }

    @Test
    void whatIsForbiddenChangesNothing() throws IOException {
        as(User.OWNER, put("private", "{\"initial\":5,\"mode\":\"0600\"}"));
        assertThat(
                        asInShort(
                                User.STRANGER,
                                call("POST", "private", "/read"),
                                call("POST", "private", "/write"),
                                new Call(
                                        "POST",
                                        "/v1/wait",
                                        "{\"eventfds\":[\"open-to-all\",\"private\"],\"consume\":true}"),
                                open(entry("new-with-private", "{}"), entry("private")),
                                call("DELETE", "private", "")))
                .containsOnly(FORBIDDEN);
        var after = as(User.ROOT, call("GET", "private", ""), call("GET", "open-to-all", ""));
        assertThat(after.get(0).json().get("count").asInt()).isEqualTo(5);
        assertThat(after.get(1).json().get("count").asInt()).isNotZero();
        assertThat(asInShort(User.ROOT, call("GET", "new-with-private", "")))
                .containsExactly("404 not-found ENOENT");
    }

    @Test
    void aListHidesWhatAUserMayNotReadFromItsPagesToo() throws IOException {
        for (int i = 0; i < 6; i++) {
            as(
                    User.OWNER,
                    put("page-" + i, i % 2 == 0 ? "{\"mode\":\"0600\"}" : "{\"mode\":\"0604\"}"));
        }
        var first =
                as(User.STRANGER, new Call("GET", "/v1/eventfds?prefix=page-&limit=2", ""))
                        .getFirst()
                        .json();
        assertThat(first.findValuesAsText("name")).containsExactly("page-1", "page-3");
        assertThat(first.get("next").asText()).isEqualTo("page-3");
        var last =
                as(
                                User.STRANGER,
                                new Call(
                                        "GET",
                                        "/v1/eventfds?prefix=page-&limit=2&after=page-3",
                                        ""))
                        .getFirst()
                        .json();
        assertThat(last.findValuesAsText("name")).containsExactly("page-5");
        assertThat(last.has("next")).isFalse();
    }

    @Test
    void theOwnerIsTheUidThatMadeItAndTheGroupThatOfTheDirectoryOnBothSockets() throws IOException {
        var users = List.of(User.OWNER, User.STRANGER, User.LAST, User.ROOT);
        for (var user : users) {
            var http = "by-http-" + user.uid();
            var raw = "by-fd-" + user.uid();
            assertThat(asInShort(user, put(http, "{}"), open(entry(raw, "{}"))))
                    .containsExactly("201", "1");
            for (var name : List.of(http, raw)) {
                var owner = as(user, call("GET", name, "")).getFirst().json().get("owner");
                assertThat(owner.get("uid").asLong()).isEqualTo(user.uid());
                assertThat(owner.get("gid").asLong()).isEqualTo(GROUP);
            }
        }
    }

    @Test
    void aUserWithoutAPasswdEntryMakesUsesAndDeletesWhatIsItsOwn() throws IOException {
        assertThat(Files.readAllLines(Path.of("/etc/passwd")))
                .noneMatch(line -> Arrays.asList(line.split(":", -1)).contains("4294967294"));
        var own = "{\"mode\":\"0600\"}";
        assertThat(
                        asInShort(
                                User.LAST,
                                put("last", own),
                                call("POST", "last", "/write"),
                                open(entry("last", own)),
                                call("POST", "last", "/read")))
                .containsExactly("201", "200", "1", "200");
        assertThat(asInShort(User.STRANGER, call("GET", "last", ""), open(entry("last"))))
                .containsOnly(FORBIDDEN);
        assertThat(asInShort(User.LAST, call("DELETE", "last", ""))).containsExactly("204");
    }

    @Test
    void theKeyOfOneUserIsNotThatOfAnother() throws IOException {
        as(User.OWNER, put("keyed", "{\"initial\":1,\"semaphore\":true,\"mode\":\"0666\"}"));
        var read = new Call("POST Idempotency-Key: k", "/v1/eventfds/keyed/read", "");
        assertThat(asInShort(User.OWNER, read, read)).containsExactly("200", "200");
        assertThat(asInShort(User.STRANGER, read)).containsExactly("204");
    }

    private static int countOf(String name) throws IOException {
        return as(User.OWNER, call("GET", name, "")).getFirst().json().get("count").asInt();
    }

    @Test
    void nobodyIsDoneWithTheKeyOfAnother() throws IOException {
        as(User.OWNER, put("done", "{\"initial\":5,\"semaphore\":true,\"mode\":\"0666\"}"));
        var read = new Call("POST Idempotency-Key: d", "/v1/eventfds/done/read", "");
        var done = new Call("GET Idempotency-Key-Done: d", "/v1/eventfds/done", "");
        assertThat(asInShort(User.OWNER, read)).containsExactly("200");
        assertThat(asInShort(User.STRANGER, done)).containsExactly("200");
        as(User.OWNER, read);
        assertThat(countOf("done")).isEqualTo(4);
        assertThat(asInShort(User.OWNER, done, read)).containsExactly("200", "200");
        assertThat(countOf("done")).isEqualTo(3);
    }
}
