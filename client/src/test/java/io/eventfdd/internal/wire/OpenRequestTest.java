package io.eventfdd.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.AccessMode;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.stream.IntStream;

class OpenRequestTest {
    private static OpenRequest parse(String json) {
        return OpenRequest.from(JsonFields.parse(json.getBytes(UTF_8)));
    }

    private static EventfdName name(String name) {
        return new EventfdName(name);
    }

    @Test
    void whatIsWrittenIsRead() {
        var request =
                new OpenRequest(
                        List.of(
                                OpenRequest.Entry.of(name("a")),
                                OpenRequest.Entry.creating(
                                        name("b"), EventfdSpec.semaphoreOf(Count.MAX_INITIAL)),
                                OpenRequest.Entry.creatingExclusively(
                                        name("c"),
                                        EventfdSpec.counter()
                                                .withNonblocking(false)
                                                .withMode("0600"))));
        assertThat(OpenRequest.from(JsonFields.parse(Json.bytes(request.toJson()))))
                .isEqualTo(request);
    }

    @Test
    void absentFieldsHaveTheirDefaults() {
        var entries =
                parse(
                                "{'op':'open','eventfds':[{'name':'a'},{'name':'b','create':{}}]}"
                                        .replace('\'', '"'))
                        .entries();
        assertThat(entries)
                .containsExactly(
                        OpenRequest.Entry.of(name("a")),
                        OpenRequest.Entry.creating(name("b"), EventfdSpec.counter()));
    }

    @Test
    void theLongestRequestFitsInAPacket() {
        var spec = new EventfdSpec(Count.MAX_INITIAL, false, false, AccessMode.DEFAULT);
        var request =
                new OpenRequest(
                        IntStream.range(0, OpenRequest.MAX_ENTRIES)
                                .mapToObj(i -> name("x".repeat(125) + (100 + i)))
                                .map(name -> OpenRequest.Entry.creatingExclusively(name, spec))
                                .toList());
        assertThat(Json.bytes(request.toJson())).hasSizeLessThan(OpenRequest.MAX_PACKET);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}                                                       | op is missing",
                "[]                                                       | not a JSON object",
                "{'op':'open'}                                            | eventfds is missing",
                "{'op':'open','eventfds':[]}                              | 0 entries",
                "{'op':'open','eventfds':{}}                              | not an array",
                "{'op':'open','eventfds':['a']}                           | eventfds[0] is not a",
                "{'op':'open','eventfds':[{}]}                            | eventfds[0].name is",
                "{'op':'open','eventfds':[{'name':1}]}                    | not a string",
                "{'op':'open','eventfds':[{'nam':'a'}]}                   | eventfds[0].nam",
                "{'op':'open','eventfds':[{'name':'a'},{'name':'a'}]}     | a occurs twice",
                "{'op':'OPEN','eventfds':[{'name':'a'}]}                  | 'OPEN' is not open",
                "{'op':1,'eventfds':[{'name':'a'}]}                       | op is not a string",
                "{'op':'open','eventfds':[{'name':'a'}],'tiemout':1}      | tiemout",
                "{'op':'open','eventfds':[{'name':'a','create':true}]}    | create is not a",
                "{'op':'open','eventfds':[{'name':'a','create':{'x':1}}]} | eventfds[0].create.x",
                "{'op':'open','eventfds':[{'name':'a','create':{'exclusive':1}}]} | exclusive is",
                "{'op':'open','eventfds':[{'name':'a'}]} {}               | not JSON",
            })
    void whatIsNoRequestIsInvalidAndSaysWhere(String json, String detail) {
        var e = catchThrowableOfType(ProblemException.class, () -> parse(json.replace('\'', '"')));
        assertThat(e.problem().type()).isEqualTo(ProblemType.INVALID_REQUEST);
        assertThat(e.problem().detail()).contains(detail);
    }

    @Test
    void moreThanTheKernelSendsInOneMessageAreInvalid() {
        var entries =
                IntStream.range(0, OpenRequest.MAX_ENTRIES + 1)
                        .mapToObj(i -> OpenRequest.Entry.of(name("n" + i)))
                        .toList();
        var e = catchThrowableOfType(ProblemException.class, () -> new OpenRequest(entries));
        assertThat(e.problem().type()).isEqualTo(ProblemType.INVALID_REQUEST);
        assertThat(e.problem().detail()).contains("254 entries are not 1 to 253");
    }

    @ParameterizedTest
    @CsvSource({"'.x',INVALID_NAME", "'',INVALID_NAME", "a/b,INVALID_NAME"})
    void whatIsNoNameIsSaidToBeNone(String name, ProblemType type) {
        var e =
                catchThrowableOfType(
                        ProblemException.class,
                        () ->
                                parse(
                                        "{\"op\":\"open\",\"eventfds\":[{\"name\":\""
                                                + name
                                                + "\"}]}"));
        assertThat(e.problem().type()).isEqualTo(type);
    }
}
