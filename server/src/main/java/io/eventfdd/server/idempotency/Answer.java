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
     * 200 with a body. The values in it belong to the client once the client has taken the answer.
     *
     * @param body the text of a JSON object, which takes a tenth of the memory of the object
     */
    record Ok(String body, List<Reading> taken) implements Answer {
        public Ok(JsonObject body, List<Reading> taken) {
            this(body.toString(), taken);
        }

        public Ok(JsonObject body) {
            this(body, List.of());
        }

        @Override
        public int size() {
            return bytes(body);
        }
    }

    /**
     * 201 with the state of a lease. The lease belongs to the client once the client has taken the
     * answer.
     *
     * @param body the text of a JSON object
     * @param id the ID of the lease
     * @param granted the lease; absent if another process granted it
     */
    record Created(String body, String id, Optional<Lease> granted) implements Answer {
        public Created(Lease lease) {
            this(lease.state().toJson().toString(), lease.state().id(), Optional.of(lease));
        }

        @Override
        public int size() {
            return bytes(body);
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
            return new Created(
                    object.toString(), String.valueOf(object.get("id")), Optional.empty());
        }
        return new Refusal(ProblemDocument.from(JsonFields.of("", body)));
    }

    /** The answer in the form for another process. */
    default KeptAnswer leave(
            int uid, String key, String request, List<KeptAnswer.Taken> taken, Duration left) {
        return switch (this) {
            case Ok ok -> new KeptAnswer(uid, key, request, 200, ok.body(), taken, left);
            case Created created ->
                    new KeptAnswer(uid, key, request, 201, created.body(), taken, left);
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

    private static int bytes(String body) {
        return body.getBytes(StandardCharsets.UTF_8).length;
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
