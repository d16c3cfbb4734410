package io.muster.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Runs jobs over lossy devices for a long time, with stream jobs, runs of WebJobs and a schedule beside them: all are recounted, and every minute the memory of each
 * process and the size of the data are printed. Arguments: the folder standalone/target/muster, how many devices, the seed, how many minutes. Ends with status 1 where anything
 * was wrong.
 */
public final class SoakDriver {
    private static final List<String> PROCESSES =
            List.of("broker", "registry", "planner", "processor", "gateway", "api", "node-1", "node-2");
    private static final Duration BETWEEN = Duration.ofMinutes(1);

    private SoakDriver() {}

    public static void main(String[] args) throws Exception {
        int devices = Integer.parseInt(args[1]);
        long seed = Long.parseLong(args[2]);
        Duration length = Duration.ofMinutes(Long.parseLong(args[3]));
        SplittableRandom random = new SplittableRandom(seed);
        int rounds = 0;
        int jobs = 0;
        int wrong = 0;
        try (AuditedFleet fleet = AuditedFleet.start(args[0], devices, seed)) {
            Instant end = Instant.now().plus(length);
            Instant printed = Instant.MIN;
            while (Instant.now().isBefore(end)) {
                AuditedFleet.Round round = fleet.round("soak-" + seed + "-" + rounds, random, Duration.ZERO, () -> {});
                rounds++;
                jobs += round.jobs().size();
                wrong += round.wrong().size();
                round.wrong().forEach(sentence -> System.out.println("  WRONG " + sentence));
                if (printed.isBefore(Instant.now().minus(BETWEEN))) {
                    printed = Instant.now();
                    System.out.printf(
                            "%s: %d rounds, %d jobs, %d wrong; MiB resident %s; data %d MiB%n",
                            Duration.between(printed, end),
                            rounds,
                            jobs,
                            wrong,
                            resident(fleet),
                            size(fleet.muster().options().data()) >> 20);
                }
            }
            System.out.println(rounds + " rounds, " + jobs + " jobs, " + wrong + " wrong; devices " + fleet.counters());
        }
        System.exit(wrong == 0 ? 0 : 1);
    }

    private static Map<String, Long> resident(AuditedFleet fleet) throws IOException {
        Map<String, Long> mib = new LinkedHashMap<>();
        for (String name : PROCESSES) {
            Path status = Path.of("/proc/" + fleet.muster().process(name).pid() + "/status");
            for (String line : Files.readAllLines(status)) {
                if (line.startsWith("VmRSS:")) {
                    mib.put(name, Long.parseLong(line.replaceAll("\\D", "")) >> 10);
                }
            }
        }
        return mib;
    }

    /** Sums sizes of files that come and go meanwhile. */
    private static long size(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.mapToLong(SoakDriver::sizeOf).sum();
        } catch (UncheckedIOException e) {
            return size(folder);
        }
    }

    private static long sizeOf(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.size(file) : 0;
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
