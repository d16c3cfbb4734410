package io.muster.processor;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Makes a client of Kafka fail at one of its calls: a test tries each call of a loop in turn. */
public final class Interrupted {
    private static final Set<String> ENDS = Set.of("wakeup", "close");

    private Interrupted() {}

    /** @param calls that were made of all clients that share it @param failing the number of the call that fails; to end a client never does */
    public static <T> T at(
            Class<T> type, T client, AtomicInteger calls, int failing, Supplier<RuntimeException> trouble) {
        return type.cast(Proxy.newProxyInstance(
                Interrupted.class.getClassLoader(), new Class<?>[] {type}, (_, method, args) -> {
                    if (!ENDS.contains(method.getName()) && calls.incrementAndGet() == failing) {
                        throw trouble.get();
                    }
                    try {
                        return method.invoke(client, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }
}
