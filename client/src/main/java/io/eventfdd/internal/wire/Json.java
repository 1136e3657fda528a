package io.eventfdd.internal.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.eventfdd.client.Count;
import io.eventfdd.client.ProblemException;
import io.eventfdd.client.ProblemType;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * JSON as the protocol has it: strict UTF-8, one value and no more, no field twice. Safe for all
 * threads.
 */
public final class Json {
    /**
     * Buffers are shared by all threads: by Jackson's default each thread keeps 18 KB of its own,
     * and the daemon has one for each connection.
     */
    private static final JsonFactory FACTORY =
            JsonFactory.builder().recyclerPool(JsonRecyclerPools.newConcurrentDequePool()).build();

    private static final ObjectMapper MAPPER =
            JsonMapper.builder(FACTORY)
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .disable(JsonParser.Feature.AUTO_CLOSE_SOURCE)
                    .build();

    private Json() {}

    /** A new, empty object. */
    public static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** Sets {@code field} to an unsigned 64-bit number. */
    public static void putCount(ObjectNode object, String field, long count) {
        if (count >= 0) {
            object.put(field, count);
        } else {
            object.put(field, Count.toBigInteger(count));
        }
    }

    /** {@code node} as UTF-8. */
    public static byte[] bytes(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree that cannot be written", e);
        }
    }

    /**
     * The value that {@code utf8} spells.
     *
     * @throws ProblemException {@code invalid-request}, saying what is wrong and where
     */
    public static JsonNode parse(byte[] utf8) {
        try {
            var node = MAPPER.readTree(decode(utf8));
            if (node.isMissingNode()) {
                throw ProblemType.INVALID_REQUEST.exception("not JSON: there is no value");
            }
            return node;
        } catch (JsonProcessingException e) {
            var where =
                    e.getLocation() == null
                            ? ""
                            : " (line "
                                    + e.getLocation().getLineNr()
                                    + ", column "
                                    + e.getLocation().getColumnNr()
                                    + ")";
            throw ProblemType.INVALID_REQUEST.exception("not JSON: " + inPlainWords(e) + where);
        }
    }

    private static String decode(byte[] utf8) {
        var text = new String(utf8, StandardCharsets.UTF_8);
        // This is what stands for malformed bytes, or for itself; the decoder that tells is slower.
        if (text.indexOf('\uFFFD') < 0) {
            return text;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw ProblemType.INVALID_REQUEST.exception("not JSON: the text is not UTF-8");
        }
    }

    /** Jackson's own first line, without the names of its classes. */
    private static String inPlainWords(JsonProcessingException e) {
        var message =
                e.getOriginalMessage()
                        .lines()
                        .findFirst()
                        .orElse("malformed")
                        .replaceAll(" as per `.*", "");
        return Shown.of(message.replaceAll("\\(?`?(?:java|com)\\.[\\w.$]+`?\\)?", "a value"));
    }
}
