package io.eventfdd.server.testing;

import io.nats.client.NKey;
import io.nats.client.support.JsonSerializable;
import io.nats.client.support.JwtUtils;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;

/**
 * An operator, an account that may use JetStream, and a user of it: what {@code nsc} makes, in
 * files of a directory.
 */
public final class NatsAccount {
    private static final String LIMITS =
            """
            {"type":"account","version":2,"limits":{"subs":-1,"data":-1,"payload":-1,"imports":-1,\
            "exports":-1,"wildcards":true,"conn":-1,"leaf":-1,"mem_storage":%1$d,\
            "disk_storage":%1$d,"streams":%1$d,"consumer":%1$d}}\
            """;

    private static final String JETSTREAM = LIMITS.formatted(-1);
    private static final String NO_JETSTREAM = LIMITS.formatted(0);

    private final Path directory;
    private final NKey operator;
    private final NKey account;
    private final NKey system;

    private NatsAccount(Path directory) throws IOException, GeneralSecurityException {
        var random = new SecureRandom();
        this.directory = directory;
        this.operator = NKey.createOperator(random);
        this.account = NKey.createAccount(random);
        this.system = NKey.createAccount(random);
    }

    /** A new one. */
    public static NatsAccount in(Path directory) throws IOException, GeneralSecurityException {
        return new NatsAccount(directory);
    }

    /** A configuration file of a server that knows nobody else. */
    public Path configuration() throws IOException, GeneralSecurityException {
        var text =
                """
                operator: %s
                system_account: %s
                resolver: MEMORY
                resolver_preload: { %s: %s, %s: %s }
                """
                        .formatted(
                                jwt(operator, "{\"type\":\"operator\",\"version\":2}"),
                                key(system),
                                key(account),
                                jwt(account, JETSTREAM),
                                key(system),
                                jwt(system, NO_JETSTREAM));
        return Files.writeString(directory.resolve("nats.conf"), text);
    }

    /** The credentials file of the user. */
    public Path credentials() throws IOException, GeneralSecurityException {
        var user = NKey.createUser(new SecureRandom());
        var jwt = JwtUtils.issueUserJWT(account, key(account), key(user));
        var text = JwtUtils.NATS_USER_JWT_FORMAT.formatted(jwt, new String(user.getSeed()));
        return Files.writeString(directory.resolve("bridge.creds"), text);
    }

    private String jwt(NKey of, String claims) throws IOException, GeneralSecurityException {
        JsonSerializable json = () -> claims;
        return JwtUtils.issueJWT(
                operator,
                key(of),
                "test",
                null,
                JwtUtils.currentTimeSeconds(),
                key(operator),
                json);
    }

    private static String key(NKey of) throws IOException, GeneralSecurityException {
        return new String(of.getPublicKey());
    }
}
