package io.eventfdd.internal.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * {@link Libc} by java.lang.foreign: the type of each method is the type of the function of its
 * name, which is bound at the first call. Arrays are copied to native memory and back. Safe for all
 * threads.
 *
 * <p>A call costs some hundred nanoseconds. The calls of a signal are in {@link ForeignCalls}.
 */
@SuppressWarnings("restricted") // Binding has asked whether this may be
final class ForeignLibc implements InvocationHandler {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final long LONGEST_MESSAGE = 256;

    private final Map<Method, MethodHandle> functions = new ConcurrentHashMap<>();

    /** For each thread; a value refers to no class of this library. */
    private final ThreadLocal<Integer> errno = new ThreadLocal<>();

    private ForeignLibc() {}

    static Libc bound() {
        return (Libc)
                Proxy.newProxyInstance(
                        Libc.class.getClassLoader(),
                        new Class<?>[] {Libc.class},
                        new ForeignLibc());
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        if (method.getDeclaringClass() == Object.class) {
            return method.invoke(this, arguments);
        }
        return switch (method.getName()) {
            case "errno" -> errno.get();
            case "abs" -> address("abs").address();
            case "address" -> beginningOf((ByteBuffer) arguments[0]);
            default -> call(functions.computeIfAbsent(method, ForeignLibc::function), arguments);
        };
    }

    private Object call(MethodHandle function, Object[] arguments) throws Throwable {
        int count = arguments == null ? 0 : arguments.length;
        var passed = new Object[count + 1];
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(Linker.Option.captureStateLayout());
            passed[0] = state;
            for (int i = 0; i < count; i++) {
                passed[i + 1] = passed(arguments[i], arena);
            }
            var result = function.invokeExact(passed);
            for (int i = 0; i < count; i++) {
                copyBack(passed[i + 1], arguments[i]);
            }
            if (result instanceof Number number && number.longValue() < 0) {
                errno.set(state.get(JAVA_INT, 0));
            }
            return result instanceof MemorySegment text
                    ? text.reinterpret(LONGEST_MESSAGE).getString(0)
                    : result;
        }
    }

    /** Whatever the position of the buffer is: a segment of it begins there. */
    private static long beginningOf(ByteBuffer buffer) {
        return MemorySegment.ofBuffer(buffer.duplicate().clear()).address();
    }

    /** A number as it is, and an array as its copy. */
    private static Object passed(Object argument, Arena arena) {
        return argument.getClass().isArray()
                ? arena.allocate(array(argument).byteSize(), Long.BYTES).copyFrom(array(argument))
                : argument;
    }

    private static void copyBack(Object passed, Object argument) {
        if (passed instanceof MemorySegment copy) {
            array(argument).copyFrom(copy);
        }
    }

    private static MemorySegment array(Object array) {
        return switch (array) {
            case byte[] bytes -> MemorySegment.ofArray(bytes);
            case short[] shorts -> MemorySegment.ofArray(shorts);
            case int[] ints -> MemorySegment.ofArray(ints);
            case long[] longs -> MemorySegment.ofArray(longs);
            default -> throw new IllegalArgumentException(array.getClass().getName());
        };
    }

    /** Takes an array of the place for the errno and of the arguments, and returns an object. */
    private static MethodHandle function(Method method) {
        var arguments =
                Arrays.stream(method.getParameterTypes())
                        .map(ForeignLibc::layout)
                        .toArray(MemoryLayout[]::new);
        var type = FunctionDescriptor.of(layout(method.getReturnType()), arguments);
        return LINKER.downcallHandle(
                        address(method.getName()), type, Linker.Option.captureCallState("errno"))
                .asSpreader(Object[].class, arguments.length + 1)
                .asType(MethodType.methodType(Object.class, Object[].class));
    }

    private static MemorySegment address(String name) {
        return LINKER.defaultLookup().find(name).orElseThrow();
    }

    private static MemoryLayout layout(Class<?> type) {
        if (type == int.class) {
            return JAVA_INT;
        }
        return type == long.class ? JAVA_LONG : ADDRESS;
    }
}
