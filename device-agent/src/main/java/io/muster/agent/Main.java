package io.muster.agent;

import java.io.IOException;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Runs devices as a process: one, by its connection string, or many simulated ones. Prints its counters as a line of JSON when they have changed,
 * every few seconds at most.
 */
public final class Main {
    private static final int UNUSABLE = 2;
    private static final long PRINT_SECONDS = 5;

    private Main() {}

    public static void main(String[] args) throws InterruptedException {
        try {
            Options options = Options.of(args);
            AgentSettings settings = AgentSettings.from(options);
            options.rejectUnknown();
            run(settings);
        } catch (IllegalArgumentException | IOException e) {
            System.err.println("device-agent: " + e.getMessage());
            System.err.println(AgentSettings.USAGE);
            System.exit(UNUSABLE);
        }
    }

    private static void run(AgentSettings settings) throws IOException, InterruptedException {
        CountDownLatch ended = new CountDownLatch(1);
        SimulatedFleet fleet = SimulatedFleet.start(
                settings.target(), settings.behaviour(), settings.deviceIds(), settings.rate(), InstantSource.system());
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(ended::countDown));
        String printed = "";
        while (!ended.await(PRINT_SECONDS, TimeUnit.SECONDS)) {
            String counters = fleet.counters().json();
            if (!counters.equals(printed)) {
                System.out.println(counters);
                printed = counters;
            }
        }
        fleet.close();
    }
}
