package io.eventfdd.server.testing;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

import java.io.IOException;

/**
 * Starts one daemon for all tests of a class, gives it to the class's constructor, and stops it
 * after the last test. If a test has ended it, it is started again before the next one.
 */
public final class SharedDaemon
        implements BeforeAllCallback, BeforeEachCallback, ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(SharedDaemon.class);

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        // JUnit closes what is stored for a class after the last test of the class.
        context.getStore(NAMESPACE).put(DaemonProcess.class, DaemonProcess.start());
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        var daemon = daemon(context);
        if (!daemon.process().isAlive()) {
            daemon.restart();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == DaemonProcess.class;
    }

    @Override
    public DaemonProcess resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return daemon(context);
    }

    private static DaemonProcess daemon(ExtensionContext context) {
        return context.getStore(NAMESPACE).get(DaemonProcess.class, DaemonProcess.class);
    }
}
