package io.eventfdd.server.idempotency;

import io.eventfdd.client.Problem;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.server.eventfds.Lease;
import io.eventfdd.server.eventfds.Reading;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The answer of a call before it is sent. It may be sent more than once. Immutable. */
public sealed interface Answer {
    /**
     * 200 with a JSON body. The values in it belong to the client once the client has taken the
     * answer.
     */
    record Ok(JsonObject body, List<Reading> taken) implements Answer {
        public Ok(JsonObject body) {
            this(body, List.of());
        }

        @Override
        public int size() {
            return Json.bytes(body).length;
        }
    }

    /**
     * 201 with the state of a lease. The lease belongs to the client once the client has taken the
     * answer.
     *
     * @param granted the lease; absent if another process granted it
     */
    record Created(JsonObject body, Optional<Lease> granted) implements Answer {
        @Override
        public int size() {
            return Json.bytes(body).length;
        }

        @Override
        public Optional<Lease> lease() {
            return granted;
        }
    }

    /** 204. */
    record NoContent() implements Answer {
        @Override
        public int size() {
            return 0;
        }
    }

    /**
     * A problem that is kept like an answer, so that it stays the same when the call is repeated.
     */
    record Refusal(Problem problem) implements Answer {
        @Override
        public int size() {
            return ProblemDocument.bytes(problem).length;
        }
    }

    /** The answer that another process gave. */
    static Answer of(KeptAnswer kept) {
        if (kept.status() == 204) {
            return new NoContent();
        }
        var body = Json.parse(kept.body().getBytes(StandardCharsets.UTF_8));
        if (kept.status() == 200 && body instanceof JsonObject object) {
            return new Ok(object);
        }
        if (kept.status() == 201 && body instanceof JsonObject object) {
            return new Created(object, Optional.empty());
        }
        return new Refusal(ProblemDocument.from(JsonFields.of("", body)));
    }

    /** The answer in the form for another process. */
    default KeptAnswer leave(
            int uid, String key, String request, List<KeptAnswer.Taken> taken, Duration left) {
        return switch (this) {
            case Ok ok -> new KeptAnswer(uid, key, request, 200, ok.body().toString(), taken, left);
            case Created created ->
                    new KeptAnswer(uid, key, request, 201, created.body().toString(), taken, left);
            case NoContent none -> new KeptAnswer(uid, key, request, 204, "", taken, left);
            case Refusal refusal ->
                    new KeptAnswer(
                            uid,
                            key,
                            request,
                            refusal.problem().status(),
                            ProblemDocument.json(refusal.problem()).toString(),
                            taken,
                            left);
        };
    }

    /** The values that were taken from eventfds for it. */
    default List<Reading> taken() {
        return List.of();
    }

    /** The lease in the answer, if there is one. */
    default Optional<Lease> lease() {
        return Optional.empty();
    }

    /** The bytes of its body. */
    int size();
}
