package io.muster.node.program;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Sends signals to groups of processes, which the JDK can't. Thread-safe. */
final class Signals {
    static final int TERMINATE = 15;
    static final int KILL = 9;

    private static final MethodHandle SEND = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("kill"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private Signals() {}

    /**
     * Sends a signal to all processes of a group.
     *
     * @param leader the id of the group, which is that of its first process
     * @return whether there was one that could be sent to
     */
    static boolean toGroup(long leader, int signal) {
        if (leader <= 1) {
            throw new IllegalArgumentException("not the leader of a group of ours: " + leader);
        }
        try {
            return (int) SEND.invokeExact(Math.toIntExact(-leader), signal) == 0;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("kill(2) can't be called", e);
        }
    }
}
