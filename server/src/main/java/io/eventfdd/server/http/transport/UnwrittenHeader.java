package io.eventfdd.server.http.transport;

import io.helidon.common.GenericType;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.mapper.Value;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderValues;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A header of a response that Helidon finds among the headers, but that is not sent. For any
 * thread.
 *
 * @param header the header that it stands for
 */
public record UnwrittenHeader(Header header) implements Header {
    /**
     * For an answer with the status 204, which must not have a Content-Length (RFC 9110, 8.6).
     * Helidon gives one to each answer that has none.
     */
    public static final Header CONTENT_LENGTH_ZERO =
            new UnwrittenHeader(HeaderValues.CONTENT_LENGTH_ZERO);

    @Override
    public void writeHttp1Header(BufferData buffer) {}

    @Override
    public String name() {
        return header.name();
    }

    @Override
    public HeaderName headerName() {
        return header.headerName();
    }

    @Override
    public String get() {
        return header.get();
    }

    @Override
    public List<String> allValues() {
        return header.allValues();
    }

    @Override
    public int valueCount() {
        return header.valueCount();
    }

    @Override
    public boolean sensitive() {
        return header.sensitive();
    }

    @Override
    public boolean changing() {
        return header.changing();
    }

    @Override
    public <N> Value<N> as(Class<N> type) {
        return header.as(type);
    }

    @Override
    public <N> Value<N> as(GenericType<N> type) {
        return header.as(type);
    }

    @Override
    public <N> Value<N> as(Function<? super String, ? extends N> mapper) {
        return header.as(mapper);
    }

    @Override
    public Optional<String> asOptional() {
        return header.asOptional();
    }

    @Override
    public Value<Boolean> asBoolean() {
        return header.asBoolean();
    }

    @Override
    public Value<String> asString() {
        return header.asString();
    }

    @Override
    public Value<Integer> asInt() {
        return header.asInt();
    }

    @Override
    public Value<Long> asLong() {
        return header.asLong();
    }

    @Override
    public Value<Double> asDouble() {
        return header.asDouble();
    }
}
