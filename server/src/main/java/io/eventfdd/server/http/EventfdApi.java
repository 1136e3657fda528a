package io.eventfdd.server.http;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.EventfdNames;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.internal.wire.Shown;
import io.eventfdd.internal.wire.SpecFields;
import io.eventfdd.internal.wire.Timeout;
import io.eventfdd.internal.wire.WaitRequest;
import io.eventfdd.internal.wire.WriteManyRequest;
import io.eventfdd.internal.wire.WriteRequest;
import io.eventfdd.server.eventfds.Creation;
import io.eventfdd.server.eventfds.CurrentState;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.eventfds.Reading;
import io.eventfdd.server.idempotency.Answer;
import io.eventfdd.server.idempotency.IdempotencyKeys;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * The calls on eventfds. They check requests, and {@link Eventfds} carries them out. Each call runs
 * on the virtual thread of its connection.
 */
public final class EventfdApi {
    /**
     * Of {@code GET /v1}: tells the idempotency keys of this daemon from those of one that did not
     * know them, so that a client knows whether it may repeat a call after a restart.
     */
    private static final HeaderName KEYS = HeaderNames.create("Eventfdd-Keys");

    private static final HeaderName DONE = HeaderNames.create("Idempotency-Key-Done");
    private static final HeaderName IF_NONE_MATCH = HeaderNames.IF_NONE_MATCH;

    private final Eventfds eventfds;
    private final Clients clients;
    private final IdempotencyKeys keys;
    private final KeyedEndpoints calls;
    private final WaitTimes waiting;
    private final Duration keepAlive;
    private final Supplier<JsonObject> about;

    /**
     * Creates the calls.
     *
     * @param keys the answers of earlier calls
     * @param waiting how long calls may wait
     * @param keepAlive how long a stream of events may be silent
     * @param about what {@code GET /v1} tells
     */
    public EventfdApi(
            Eventfds eventfds,
            Clients clients,
            IdempotencyKeys keys,
            WaitTimes waiting,
            Duration keepAlive,
            Supplier<JsonObject> about) {
        this.eventfds = eventfds;
        this.clients = clients;
        this.keys = keys;
        this.calls = new KeyedEndpoints(clients, keys);
        this.waiting = waiting;
        this.keepAlive = keepAlive;
        this.about = about;
    }

    /** The table of calls. */
    public List<Endpoint> endpoints() {
        var one = "/v1/eventfds/{name}";
        return List.of(
                new Endpoint("GET", "/v1", this::about),
                new Endpoint("GET", "/v1/eventfds", this::list),
                new Endpoint("PUT", one, this::create),
                new Endpoint("GET", one, this::state),
                new Endpoint("DELETE", one, this::delete),
                new Endpoint("POST", one + "/write", calls.keyed(this::write)),
                new Endpoint("POST", one + "/read", calls.keyed(this::read)),
                Endpoint.waiting(one + "/wait", this::await),
                Endpoint.waiting(one + "/watch", this::watch),
                new Endpoint("GET", one + "/waiters", this::waiters),
                new Endpoint("POST", "/v1/wait", calls.keyed(this::awaitMany)),
                new Endpoint("POST", "/v1/write", calls.keyed(this::writeMany)));
    }

    /**
     * Forgets the idempotency keys that {@code exchange} says its client is done with. This is for
     * every request, before its call. The header's size bounds how many keys it can name.
     */
    public void forgetDone(Exchange exchange) {
        int uid = exchange.peer().uid();
        for (var list : exchange.headers(DONE)) {
            keys.forgetDone(uid, list);
        }
    }

    private void about(Exchange exchange) {
        exchange.query().end();
        exchange.answerHeader(KEYS, keys.origin());
        exchange.json(200, about.get());
    }

    private void list(Exchange exchange) {
        var query = exchange.query();
        var prefix = query.text("prefix").orElse("");
        var after = query.text("after").orElse("");
        int limit = query.pageSize();
        query.end();
        var page = eventfds.list(prefix, after, limit, clients.caller(exchange));
        var body = Json.object();
        var array = body.putArray("eventfds");
        page.eventfds().forEach(state -> array.add(json(state)));
        if (page.more()) {
            body.put("next", page.eventfds().getLast().name().value());
        }
        exchange.json(200, body);
    }

    private void create(Exchange exchange) {
        var name = name(exchange);
        var fields = fields(exchange);
        var spec = SpecFields.from(fields);
        fields.end();
        boolean exclusive = exclusive(exchange);
        var creation = eventfds.create(name, spec, clients.caller(exchange));
        var state = json(creation.state());
        if (creation.result() == Creation.Result.CREATED) {
            exchange.json(201, state);
        } else if (exclusive) {
            throw new ProblemException(ProblemType.PRECONDITION_FAILED, name + " exists already");
        } else if (creation.result() == Creation.Result.FOUND) {
            exchange.json(200, state);
        } else {
            throw new ProblemException(
                    ProblemType.EXISTS,
                    Creation.another(name.toString(), creation.state().spec(), spec));
        }
    }

    private static boolean exclusive(Exchange exchange) {
        var condition = exchange.header(IF_NONE_MATCH).map(String::strip);
        if (condition.isPresent() && !condition.get().equals("*")) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    "If-None-Match: "
                            + Shown.quoted(condition.get())
                            + " is not *; there are no entity tags here");
        }
        return condition.isPresent();
    }

    private void state(Exchange exchange) {
        var name = name(exchange);
        exchange.query().end();
        exchange.json(200, json(eventfds.state(name, clients.caller(exchange))));
    }

    private void waiters(Exchange exchange) {
        var name = name(exchange);
        var query = exchange.query();
        long after = query.text("after").map(EventfdApi::place).orElse(0L);
        int limit = query.pageSize();
        query.end();
        var page = eventfds.waiting(name, after, limit, clients.caller(exchange));
        var body = Json.object();
        var array = body.putArray("waiters");
        page.waiters().forEach(waiter -> array.add(waiter.toJson()));
        if (page.more()) {
            body.put("next", Long.toString(page.last()));
        }
        exchange.json(200, body);
    }

    private static long place(String text) {
        if (!text.matches("[0-9]{1,18}")) {
            throw new ProblemException(
                    ProblemType.INVALID_VALUE,
                    "after: " + Shown.quoted(text) + " is not the next of another page");
        }
        return Long.parseLong(text);
    }

    private void delete(Exchange exchange) {
        var name = name(exchange);
        exchange.query().end();
        eventfds.delete(name, clients.caller(exchange));
        exchange.noContent();
    }

    private Answer write(Exchange exchange, byte[] body) {
        var name = name(exchange);
        var fields = JsonFields.parse(body);
        var timeout = waiting.timeout(exchange, fields, Duration.ZERO);
        var request = WriteRequest.from(fields, timeout, waiting.longest());
        if (!eventfds.write(name, request.value(), request.timeout(), clients.caller(exchange))) {
            throw new ProblemException(
                    ProblemType.WOULD_BLOCK,
                    "the count of "
                            + name
                            + " has no room for the value within "
                            + Timeout.format(request.timeout()));
        }
        return new Answer.Ok(json(name, "value", request.value()));
    }

    private Answer writeMany(Exchange exchange, byte[] body) {
        var fields = JsonFields.parse(body);
        var timeout = waiting.timeout(exchange, fields, Duration.ZERO);
        var request = WriteManyRequest.from(fields, timeout, waiting.longest());
        var full = eventfds.write(request, clients.caller(exchange));
        if (!full.isEmpty()) {
            var problem =
                    ProblemType.WOULD_BLOCK.problem(
                            full.size()
                                    + " of "
                                    + request.entries().size()
                                    + " counts have no room for their values within "
                                    + Timeout.format(request.timeout())
                                    + "; nothing was added");
            throw new ProblemException(problem.about(full));
        }
        var written = Json.object();
        var array = written.putArray("written");
        request.entries().forEach(entry -> array.add(json(entry.name(), "value", entry.value())));
        return new Answer.Ok(written);
    }

    private Answer read(Exchange exchange, byte[] body) {
        var name = name(exchange);
        var fields = JsonFields.parse(body);
        var timeout = waiting.timeout(exchange, fields, Duration.ZERO);
        var request = ReadRequest.from(fields, timeout, waiting.longest());
        return eventfds.read(name, request, clients.caller(exchange))
                .<Answer>map(
                        taken -> new Answer.Ok(json(name, "value", taken.value()), List.of(taken)))
                .orElse(new Answer.NoContent());
    }

    private void await(Exchange exchange) {
        var name = name(exchange);
        var query = exchange.query();
        var timeout =
                query.text("timeout")
                        .map(text -> Timeout.parse("timeout", text, waiting.longest()))
                        .or(() -> waiting.preferred(exchange))
                        .orElse(waiting.standard());
        query.end();
        exchange.send(
                eventfds.await(name, timeout, clients.caller(exchange))
                        .<Answer>map(seen -> new Answer.Ok(json(name, "count", seen.value())))
                        .orElse(new Answer.NoContent()));
    }

    private Answer awaitMany(Exchange exchange, byte[] body) {
        var fields = JsonFields.parse(body);
        var request =
                WaitRequest.from(
                        fields,
                        waiting.timeout(exchange, fields, waiting.standard()),
                        waiting.longest());
        return eventfds.await(request, clients.caller(exchange))
                .<Answer>map(ready ->
                        new Answer.Ok(
                                json(ready, request.consume()),
                                request.consume() ? ready : List.of()))
                .orElse(new Answer.NoContent());
    }

    private void watch(Exchange exchange) throws Exception {
        var name = name(exchange);
        exchange.query().end();
        var watch = eventfds.watch(name, clients.caller(exchange));
        new EventStream(name, watch, keepAlive).send(exchange);
    }

    // What requests say

    private static EventfdName name(Exchange exchange) {
        return EventfdNames.parse(exchange.name());
    }

    private static JsonFields fields(Exchange exchange) {
        exchange.query().end();
        return JsonFields.parse(exchange.body());
    }

    // What answers say

    private static JsonObject json(List<Reading> readings, boolean consumed) {
        var body = Json.object();
        var array = body.putArray("ready");
        readings.forEach(reading ->
                array.add(json(reading.name(), consumed ? "value" : "count", reading.value())));
        return body;
    }

    /** An eventfd and one number of it. */
    static JsonObject json(EventfdName name, String field, long value) {
        var json = Json.object().put("name", name.value());
        Json.putCount(json, field, value);
        return json;
    }

    private static JsonObject json(CurrentState state) {
        var json = json(state.name(), "count", state.count());
        json.put("semaphore", state.spec().semaphore());
        json.put("nonblocking", state.nonblocking());
        json.put("mode", state.spec().mode().toString());
        json.putObject("owner")
                .put("uid", Integer.toUnsignedLong(state.owner().uid()))
                .put("gid", Integer.toUnsignedLong(state.owner().gid()));
        json.put("waiters", state.waiters());
        Json.putCount(json, "leased", state.leased());
        json.put("created", state.created().toString());
        return json;
    }
}
