package io.eventfdd.server.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/** A self-signed certificate of 127.0.0.1, in the files that servers and clients want. */
public final class Certificate {
    /** Of all stores. */
    public static final String PASSWORD = "changeit";

    private static final String ALIAS = "server";

    private final Path directory;
    private final KeyStore keys;

    private Certificate(Path directory) throws IOException, GeneralSecurityException {
        this.directory = directory;
        var file = directory.resolve("keys.p12");
        var keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        var made =
                new ProcessBuilder(
                                keytool,
                                "-genkeypair",
                                "-alias",
                                ALIAS,
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=server",
                                "-ext",
                                "san=ip:127.0.0.1",
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                file.toString(),
                                "-storepass",
                                PASSWORD)
                        .redirectErrorStream(true)
                        .start();
        var said = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(made.onExit().join().exitValue()).as(said).isZero();
        this.keys = KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
    }

    /** A new one, whose files are in {@code directory}. */
    public static Certificate in(Path directory) throws IOException, GeneralSecurityException {
        return new Certificate(directory);
    }

    /** The certificate, as PEM. */
    public Path certificate() throws IOException, GeneralSecurityException {
        return pem("CERTIFICATE", keys.getCertificate(ALIAS).getEncoded());
    }

    /** The private key, as PEM. */
    public Path key() throws IOException, GeneralSecurityException {
        return pem("PRIVATE KEY", keys.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded());
    }

    private Path pem(String kind, byte[] content) throws IOException {
        var text =
                "-----BEGIN %s-----\n%s\n-----END %s-----\n"
                        .formatted(kind, Base64.getMimeEncoder().encodeToString(content), kind);
        return Files.writeString(directory.resolve(kind.replace(' ', '-') + ".pem"), text);
    }

    /** A store of Java that trusts the certificate and no other one. */
    public Path trustStore() throws IOException, GeneralSecurityException {
        var file = directory.resolve("trust.p12");
        var trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        trust.setCertificateEntry(ALIAS, keys.getCertificate(ALIAS));
        try (var out = Files.newOutputStream(file)) {
            trust.store(out, PASSWORD.toCharArray());
        }
        return file;
    }
}
