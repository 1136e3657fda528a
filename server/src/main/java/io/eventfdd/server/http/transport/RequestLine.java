package io.eventfdd.server.http.transport;

import java.nio.charset.StandardCharsets;

/**
 * Looks at the first line of a request as its bytes come, on the connection's thread.
 *
 * <p>Helidon refuses HTTP/1.0, which nginx speaks by default and monitors use. So a line of
 * HTTP/1.0 is changed, where it stands, into one of HTTP/1.1 before the parser reads it. They
 * differ in one byte. What has to be different in the answer depends on {@link #isHttp10}.
 *
 * <p>Helidon turns a method into capitals. Methods are case-sensitive (RFC 9110, 9.1), and ours are
 * in capitals, so {@link #isMethodInCapitals} says whether the request has one of them at all.
 */
final class RequestLine {
    private static final byte[] HTTP_1_0 = " HTTP/1.0\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NOWHERE = {};
    private static final int DIGIT = HTTP_1_0.length - 3;

    private boolean ended;
    private boolean http10;
    private boolean methodEnded;
    private boolean methodInCapitals = true;

    /** How many bytes of {@link #HTTP_1_0} the line ends with so far. */
    private int matched;

    /** Where the line's last digit is, once {@link #matched} is beyond it. */
    private byte[] digitIn = NOWHERE;

    private int digitAt;

    /** Another request begins. */
    void begin() {
        ended = false;
        http10 = false;
        methodEnded = false;
        methodInCapitals = true;
        matched = 0;
    }

    /** Looks at the bytes of the request from {@code from} on, which the parser has not read. */
    void look(byte[] bytes, int from) {
        for (int i = from; i < bytes.length && !ended; i++) {
            next(bytes, i);
        }
    }

    private void next(byte[] bytes, int i) {
        methodEnded |= bytes[i] == ' ';
        methodInCapitals &= methodEnded || bytes[i] < 'a' || bytes[i] > 'z';
        if (bytes[i] == HTTP_1_0[matched]) {
            if (matched == DIGIT) {
                digitIn = bytes;
                digitAt = i;
            }
            matched++;
        } else {
            matched = bytes[i] == HTTP_1_0[0] ? 1 : 0;
        }
        if (bytes[i] == '\n') {
            ended = true;
            http10 = matched == HTTP_1_0.length;
            if (http10) {
                digitIn[digitAt] = '1';
            }
            digitIn = NOWHERE;
        }
    }

    /** Whether the method has no small letter; known once its line has ended. */
    boolean isMethodInCapitals() {
        return methodInCapitals;
    }

    /** Whether the request is one of HTTP/1.0; known once its line has ended. */
    boolean isHttp10() {
        return http10;
    }
}
