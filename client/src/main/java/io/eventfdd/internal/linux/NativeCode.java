package io.eventfdd.internal.linux;

import java.util.Optional;

/**
 * Whether this JVM can make system calls by JNA. It cannot where JNA is missing or another version
 * of it was found, where its native half cannot be unpacked or loaded, or where native access is
 * denied. Found out once.
 */
public final class NativeCode {
    private static final Optional<Throwable> OBSTACLE = tried();

    private NativeCode() {}

    /** What prevents system calls; empty if nothing does. */
    public static Optional<Throwable> obstacle() {
        return OBSTACLE;
    }

    /** {@code obstacle} in a sentence, and what to do against it. */
    public static String told(Throwable obstacle) {
        var cause = obstacle;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        var lines = String.valueOf(cause.getMessage()).strip().replaceAll("\\s*\\n\\s*", " ");
        return cause.getClass().getSimpleName() + ": " + lines + "; " + remedy(cause);
    }

    private static String remedy(Throwable cause) {
        if (cause instanceof ClassNotFoundException || cause instanceof NoClassDefFoundError) {
            return "add net.java.dev.jna:jna to the class path";
        } else if (cause instanceof UnsatisfiedLinkError) {
            return "-Djna.tmpdir names a directory from which JNA may load its native half, and"
                    + " --enable-native-access allows that";
        } else {
            return "JNA "
                    + "and its native half have to be of one version: -Djna.nosys=true keeps JNA"
                    + " from taking another";
        }
    }

    private static Optional<Throwable> tried() {
        try {
            var unused = Libc.getpid();
            return Optional.empty();
        } catch (VirtualMachineError e) {
            throw e;
        } catch (Error | RuntimeException e) {
            // LinkageErrors, but JNA throws a plain Error where its versions do not match.
            return Optional.of(e);
        }
    }
}
