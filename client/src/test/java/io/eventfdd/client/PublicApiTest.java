package io.eventfdd.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

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

    /**
     * The types that {@code type} extends, takes, returns, throws and holds, with their arguments.
     */
    private static Set<Class<?>> inSignatures(Class<?> type) {
        var seen = new HashSet<Class<?>>();
        if (type.getGenericSuperclass() != null) {
            add(type.getGenericSuperclass(), seen);
        }
        addAll(type.getGenericInterfaces(), seen);
        addAll(type.getTypeParameters(), seen);
        for (var method : type.getDeclaredMethods()) {
            if (isSeen(method.getModifiers())) {
                add(method.getGenericReturnType(), seen);
                addAll(method.getGenericParameterTypes(), seen);
                addAll(method.getGenericExceptionTypes(), seen);
                addAll(method.getTypeParameters(), seen);
            }
        }
        for (var constructor : type.getDeclaredConstructors()) {
            if (isSeen(constructor.getModifiers())) {
                addAll(constructor.getGenericParameterTypes(), seen);
                addAll(constructor.getGenericExceptionTypes(), seen);
            }
        }
        for (var field : type.getDeclaredFields()) {
            if (isSeen(field.getModifiers())) {
                add(field.getGenericType(), seen);
            }
        }
        return seen;
    }

    private static void addAll(Type[] types, Set<Class<?>> seen) {
        for (var type : types) {
            add(type, seen);
        }
    }

    private static void add(Type type, Set<Class<?>> seen) {
        if (type instanceof Class<?> one) {
            seen.add(one.isArray() ? one.componentType() : one);
        } else if (type instanceof ParameterizedType generic) {
            add(generic.getRawType(), seen);
            addAll(generic.getActualTypeArguments(), seen);
        } else if (type instanceof WildcardType wildcard) {
            addAll(wildcard.getUpperBounds(), seen);
            addAll(wildcard.getLowerBounds(), seen);
        } else if (type instanceof TypeVariable<?> variable) {
            addAll(variable.getBounds(), seen);
        } else if (type instanceof GenericArrayType array) {
            add(array.getGenericComponentType(), seen);
        } else {
            throw new AssertionError(type);
        }
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
                    .allSatisfy(seen ->
                            assertThat(
                                            seen.isPrimitive()
                                                    || seen.getName().startsWith("java.")
                                                    || seen.getName()
                                                            .startsWith("io.eventfdd.client."))
                                    .as(seen.getName())
                                    .isTrue());
        }
    }

    @Test
    void everyExceptionIsAnEventfddException() throws IOException {
        assertThat(types())
                .filteredOn(Throwable.class::isAssignableFrom)
                .hasSizeGreaterThan(10)
                .allMatch(EventfddException.class::isAssignableFrom);
    }
}
