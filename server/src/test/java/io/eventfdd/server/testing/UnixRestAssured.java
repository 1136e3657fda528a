package io.eventfdd.server.testing;

import io.restassured.RestAssured;
import io.restassured.builder.RequestSpecBuilder;
import io.restassured.config.HttpClientConfig;
import io.restassured.config.RestAssuredConfig;
import io.restassured.specification.RequestSpecification;

import org.apache.http.conn.scheme.PlainSocketFactory;
import org.apache.http.conn.scheme.Scheme;
import org.apache.http.conn.scheme.SchemeRegistry;
import org.apache.http.conn.scheme.SchemeSocketFactory;
import org.apache.http.impl.client.DefaultHttpClient;
import org.apache.http.impl.conn.PoolingClientConnectionManager;
import org.apache.http.params.HttpParams;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;

/** REST Assured over a Unix socket: {@code given(UnixRestAssured.over(socket)).get("/v1")}. */
@SuppressWarnings(
        "deprecation") // REST Assured's client is Apache's 4.x, and only its older half can be
// given sockets
public final class UnixRestAssured {
    private UnixRestAssured() {}

    /**
     * What every request over {@code socket} begins with. Each call of this has connections of its
     * own.
     */
    public static RequestSpecification over(Path socket) {
        var http =
                HttpClientConfig.httpClientConfig()
                        .reuseHttpClientInstance()
                        .httpClientFactory(() -> client(socket));
        return new RequestSpecBuilder()
                .setConfig(RestAssuredConfig.config().httpClient(http))
                .setBaseUri("http://localhost")
                .setPort(80)
                .setUrlEncodingEnabled(false)
                .build();
    }

    /** A request over {@code socket} that is about to be made. */
    public static RequestSpecification given(Path socket) {
        return RestAssured.given(over(socket));
    }

    private static DefaultHttpClient client(Path socket) {
        var schemes = new SchemeRegistry();
        schemes.register(new Scheme("http", 80, new UnixSockets(socket)));
        var pool = new PoolingClientConnectionManager(schemes);
        pool.setDefaultMaxPerRoute(32);
        pool.setMaxTotal(32);
        return new DefaultHttpClient(pool);
    }

    private record UnixSockets(Path path) implements SchemeSocketFactory {
        @Override
        public Socket createSocket(HttpParams params) throws IOException {
            return AFUNIXSocket.newInstance();
        }

        @Override
        public Socket connectSocket(
                Socket socket, InetSocketAddress remote, InetSocketAddress local, HttpParams params)
                throws IOException {
            socket.connect(AFUNIXSocketAddress.of(path.toFile()));
            return socket;
        }

        @Override
        public boolean isSecure(Socket socket) {
            return PlainSocketFactory.getSocketFactory().isSecure(socket);
        }
    }
}
