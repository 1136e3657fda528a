package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.util.Optional;

/**
 * Tells whether this JVM can make system calls through JNA. It cannot if JNA is missing or has
 * another version, if its native half cannot be unpacked or loaded, or if native access is denied.
 * This is found out once.
 */
public final class NativeCode {
    private static final Optional<Throwable> OBSTACLE = tried();

    private NativeCode() {}

    /** The reason why there are no system calls; empty if there are. */
    public static Optional<Throwable> obstacle() {
        return OBSTACLE;
    }

    /** A sentence that names {@code obstacle} and its remedy. */
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
            return "add net.java.dev.jna:jna to the class path or module path (jna-jpms needs"
                    + " --add-modules com.sun.jna as well)";
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
            var unused = LIBC.getpid();
            return Optional.empty();
        } catch (VirtualMachineError e) {
            throw e;
        } catch (Error | RuntimeException e) {
            // These are LinkageErrors, but JNA throws a plain Error if its versions do not match.
            return Optional.of(e);
        }
    }
}
