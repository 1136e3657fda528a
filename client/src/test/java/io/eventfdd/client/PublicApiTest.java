package io.eventfdd.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a user of the library sees of it, and nothing else. */
class PublicApiTest {
    private static final Path CLASSES = Path.of("target", "classes");

    private static ModuleDescriptor module() {
        return ModuleFinder.of(CLASSES).find("io.eventfdd.client").orElseThrow().descriptor();
    }

    /** The types that a user can name, those inside others among them. */
    private static List<Class<?>> types() throws IOException {
        try (var files = Files.list(CLASSES.resolve("io/eventfdd/client"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(".class") && !file.startsWith("package-info"))
                    .<Class<?>>map(file -> type(file.replace(".class", "")))
                    .filter(type -> Modifier.isPublic(type.getModifiers()))
                    .toList();
        }
    }

    private static Class<?> type(String name) {
        try {
            return Class.forName("io.eventfdd.client." + name);
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private static List<Class<?>> inSignatures(Class<?> type) {
        List<Class<?>> seen = new ArrayList<>();
        for (var method : type.getDeclaredMethods()) {
            if (isSeen(method.getModifiers())) {
                seen.add(method.getReturnType());
                seen.addAll(List.of(method.getParameterTypes()));
            }
        }
        for (var constructor : type.getDeclaredConstructors()) {
            if (isSeen(constructor.getModifiers())) {
                seen.addAll(List.of(constructor.getParameterTypes()));
            }
        }
        for (var field : type.getDeclaredFields()) {
            if (isSeen(field.getModifiers())) {
                seen.add(field.getType());
            }
        }
        return seen;
    }

    private static boolean isSeen(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }

    @Test
    void onePackageIsExportedToAll() {
        assertThat(module().exports())
                .filteredOn(exported -> !exported.isQualified())
                .extracting(ModuleDescriptor.Exports::source)
                .containsExactly("io.eventfdd.client");
    }

    @Test
    void theOthersAreExportedToTheDaemonAlone() {
        assertThat(module().exports())
                .filteredOn(ModuleDescriptor.Exports::isQualified)
                .allSatisfy(exported ->
                        assertThat(exported.targets()).containsExactly("io.eventfdd.server"));
        assertThat(module().opens()).isEmpty();
    }

    @Test
    void noTypeOfAnotherLibraryAndNoneThatIsInternalStandsInASignature() throws IOException {
        assertThat(types()).hasSizeGreaterThan(20);
        for (var type : types()) {
            assertThat(inSignatures(type))
                    .as(type.getName())
                    .allSatisfy(seen -> {
                        var element = seen.isArray() ? seen.componentType() : seen;
                        var name = element.getName();
                        assertThat(
                                        element.isPrimitive()
                                                || name.startsWith("java.")
                                                || name.startsWith("io.eventfdd.client."))
                                .as(name)
                                .isTrue();
                    });
        }
    }
}
