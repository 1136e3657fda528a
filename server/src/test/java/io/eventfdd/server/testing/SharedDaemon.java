package io.eventfdd.server.testing;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

import java.io.IOException;

/**
 * Starts one daemon for all tests of a class, gives it to the class's constructor, and stops it
 * after the last test.
 */
public final class SharedDaemon implements BeforeAllCallback, ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(SharedDaemon.class);

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        // JUnit closes what is stored for a class after the last test of the class.
        context.getStore(NAMESPACE).put(DaemonProcess.class, DaemonProcess.start());
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == DaemonProcess.class;
    }

    @Override
    public DaemonProcess resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getStore(NAMESPACE).get(DaemonProcess.class, DaemonProcess.class);
    }
}
