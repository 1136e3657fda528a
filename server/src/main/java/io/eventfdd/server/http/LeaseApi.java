package io.eventfdd.server.http;

import io.eventfdd.internal.wire.EventfdNames;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.server.eventfds.LeaseCalls;
import io.eventfdd.server.idempotency.Answer;
import io.eventfdd.server.idempotency.IdempotencyKeys;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * The calls on leases. They check requests, and {@link LeaseCalls} carries them out. Each call runs
 * on the virtual thread of its connection.
 */
public final class LeaseApi {
    private final LeaseCalls leases;
    private final Clients clients;
    private final KeyedEndpoints calls;
    private final WaitTimes waiting;
    private final Supplier<Duration> maxLease;

    /**
     * Creates the calls.
     *
     * @param keys the answers of earlier calls
     * @param waiting how long calls may wait
     * @param maxLease tells the longest time that a lease can be held for
     */
    public LeaseApi(
            LeaseCalls leases,
            Clients clients,
            IdempotencyKeys keys,
            WaitTimes waiting,
            Supplier<Duration> maxLease) {
        this.leases = leases;
        this.clients = clients;
        this.calls = new KeyedEndpoints(clients, keys);
        this.waiting = waiting;
        this.maxLease = maxLease;
    }

    /** The table of calls. */
    public List<Endpoint> endpoints() {
        var all = "/v1/leases";
        var one = all + "/{id}";
        return List.of(
                new Endpoint("GET", all, this::list),
                new Endpoint("POST", all, calls.keyed(this::take)),
                new Endpoint("GET", one, this::state),
                new Endpoint("DELETE", one, this::release),
                new Endpoint("POST", one + "/commit", calls.keyed(this::commit)),
                new Endpoint("POST", one + "/renew", calls.keyed(this::renew)));
    }

    private Answer take(Exchange exchange, byte[] body) {
        var fields = JsonFields.parse(body);
        var timeout = waiting.timeout(exchange, fields, Duration.ZERO);
        var request = LeaseRequest.from(fields, timeout, waiting.longest(), maxLease.get());
        return leases.take(request, KeyedEndpoints.isKeyed(exchange), clients.caller(exchange))
                .<Answer>map(Answer.Created::new)
                .orElse(new Answer.NoContent());
    }

    private void list(Exchange exchange) {
        var query = exchange.query();
        var name = query.text("name").map(EventfdNames::parse);
        var after = query.text("after").orElse("");
        int limit = query.pageSize();
        query.end();
        var page = leases.list(name, after, limit, clients.caller(exchange));
        var body = Json.object();
        var array = body.putArray("leases");
        page.leases().forEach(lease -> array.add(lease.toJson()));
        if (page.more()) {
            body.put("next", page.leases().getLast().id());
        }
        exchange.json(200, body);
    }

    private void state(Exchange exchange) {
        exchange.query().end();
        exchange.json(200, leases.state(exchange.name(), clients.caller(exchange)).toJson());
    }

    private void release(Exchange exchange) {
        exchange.query().end();
        leases.release(exchange.name(), clients.caller(exchange));
        exchange.noContent();
    }

    private Answer commit(Exchange exchange, byte[] body) {
        JsonFields.parse(body).end();
        leases.commit(exchange.name(), clients.caller(exchange));
        return new Answer.NoContent();
    }

    private Answer renew(Exchange exchange, byte[] body) {
        var fields = JsonFields.parse(body);
        var holder = fields.text("holder").map(text -> LeaseHolder.parse(text, maxLease.get()));
        fields.end();
        var state = leases.renew(exchange.name(), holder, clients.caller(exchange));
        return new Answer.Ok(state.toJson());
    }
}
