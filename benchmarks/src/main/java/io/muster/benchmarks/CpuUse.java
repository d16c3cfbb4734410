package io.muster.benchmarks;

import io.muster.standalone.Standalone;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Counts the CPU time that processes of a Muster took since a mark. The processes that a process started are not counted with it. */
final class CpuUse {
    private final Standalone muster;
    private final Map<String, Duration> before = new LinkedHashMap<>();

    private CpuUse(Standalone muster, List<String> processes) {
        this.muster = muster;
        processes.forEach(process -> before.put(process, used(process)));
    }

    /** Begins to count. */
    static CpuUse mark(Standalone muster, List<String> processes) {
        return new CpuUse(muster, processes);
    }

    private Duration used(String process) {
        return muster.process(process).info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Returns a text with the microseconds that each process took for one of so many units of work. */
    String micros(double units) {
        return before.entrySet().stream()
                .map(process -> String.format(
                        Locale.ROOT,
                        "%s %.1f µs",
                        process.getKey(),
                        used(process.getKey()).minus(process.getValue()).toNanos() / 1000.0 / units))
                .collect(Collectors.joining(", "));
    }
}
