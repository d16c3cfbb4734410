package io.muster.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Runs jobs over lossy devices while processes are killed, ended and paused, the network is cut, the disk full and clocks wrong (where that does no harm:
 * {@code faults.sh}); afterwards an auditor recounts everything. A seed decides what is asked and what goes wrong, so that a run can be
 * repeated as far as its causes go. Arguments: the folder standalone/target/muster, how many devices, the first seed, how many runs. Ends
 * with status 1 where anything was wrong.
 */
public final class FaultDriver {
    private static final int MOST_FAULTS = 2;
    private static final int MOST_SENTENCES = 20;

    private FaultDriver() {}

    public static void main(String[] args) throws Exception {
        int devices = Integer.parseInt(args[1]);
        long first = Long.parseLong(args[2]);
        int runs = Integer.parseInt(args[3]);
        int bad = 0;
        Fault.setClocks();
        try (AuditedFleet fleet = AuditedFleet.start(args[0], devices, first)) {
            List<Fault.Kind> possible = Fault.possible(fleet.muster().options().data());
            for (long seed = first; seed < first + runs; seed++) {
                AuditedFleet.Round round = run(fleet, possible, seed);
                bad += round.wrong().isEmpty() ? 0 : 1;
                round.wrong().stream()
                        .limit(MOST_SENTENCES)
                        .forEach(sentence -> System.out.println("  WRONG " + sentence));
            }
            System.out.println(runs + " runs, " + bad + " of them wrong; devices " + fleet.counters());
        }
        System.exit(bad == 0 ? 0 : 1);
    }

    private static AuditedFleet.Round run(AuditedFleet fleet, List<Fault.Kind> possible, long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        List<Fault> faults = new ArrayList<>();
        for (int i = 1 + random.nextInt(MOST_FAULTS); i > 0; i--) {
            faults.add(Fault.of(random, possible));
        }
        Duration skew = faults.stream()
                .map(fault -> fault.skew().abs())
                .reduce(Duration.ZERO, (one, other) -> one.compareTo(other) > 0 ? one : other);
        AuditedFleet.Round round = fleet.round("fault-" + seed, random, skew, () -> {
            for (Fault fault : faults) {
                fault.happen(fleet.muster());
            }
        });
        System.out.println("seed " + seed + ": " + faults + ", " + round);
        return round;
    }
}
