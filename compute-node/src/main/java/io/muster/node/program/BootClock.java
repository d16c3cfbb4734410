package io.muster.node.program;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;

/** Tells the time since the machine was started, with the time for which it was suspended: that of {@code CLOCK_BOOTTIME}. Nobody can set it. Thread-safe. */
public final class BootClock {
    private static final int CLOCK_BOOTTIME = 7;
    private static final MethodHandle GET_TIME = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("clock_gettime"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));

    private BootClock() {}

    /** Returns nanoseconds. */
    public static long nanos() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(2 * ValueLayout.JAVA_LONG.byteSize(), Long.BYTES);
            if ((int) GET_TIME.invokeExact(CLOCK_BOOTTIME, time) != 0) {
                throw new IllegalStateException("this machine has no clock that counts from its start");
            }
            return TimeUnit.SECONDS.toNanos(time.getAtIndex(ValueLayout.JAVA_LONG, 0))
                    + time.getAtIndex(ValueLayout.JAVA_LONG, 1);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("clock_gettime(2) can't be called", e);
        }
    }
}
