package io.muster.agent;

import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Simulated devices as a process. Prints its counters as a line of JSON every few seconds. */
public final class Main {
    private static final int UNUSABLE = 2;
    private static final long PRINT_SECONDS = 5;
    private static final String USAGE = """
            Usage: --host=localhost --port=8883 --hub.host=localhost --ca=FILE --policies=FILE [--policy=device]
              [--devices=1000] [--prefix=sim-] [--rate=500] [--answer.min.ms=0] [--answer.max.ms=0]
              [--failure.share=0] [--silent.share=0] [--disconnect.share=0] [--report.desired=true] [--seed=1]
            Without --ca the connection is plain TCP.""";

    private Main() {}

    public static void main(String[] args) throws InterruptedException {
        try {
            run(options(args));
        } catch (IllegalArgumentException | IOException e) {
            System.err.println("device-agent: " + e.getMessage());
            System.err.println(USAGE);
            System.exit(UNUSABLE);
        }
    }

    private static void run(Map<String, String> options) throws IOException, InterruptedException {
        String policyName = take(options, "policy", "device");
        SharedAccessPolicy policy = SharedAccessPolicies.load(Path.of(take(options, "policies", "policies.properties")))
                .named(policyName)
                .orElseThrow(() -> new IllegalArgumentException("there is no policy " + policyName));
        String ca = take(options, "ca", "");
        Target target = Target.byPolicy(
                take(options, "host", "localhost"),
                Integer.parseInt(take(options, "port", "8883")),
                take(options, "hub.host", "localhost"),
                ca.isEmpty() ? null : Path.of(ca),
                policyName,
                String.valueOf(policy.keys().primary()));
        Behaviour behaviour = new Behaviour(
                Duration.ofMillis(Long.parseLong(take(options, "answer.min.ms", "0"))),
                Duration.ofMillis(Long.parseLong(take(options, "answer.max.ms", "0"))),
                Double.parseDouble(take(options, "failure.share", "0")),
                Double.parseDouble(take(options, "silent.share", "0")),
                Double.parseDouble(take(options, "disconnect.share", "0")),
                Boolean.parseBoolean(take(options, "report.desired", "true")),
                Long.parseLong(take(options, "seed", "1")));
        String prefix = take(options, "prefix", "sim-");
        int devices = Integer.parseInt(take(options, "devices", "1000"));
        int rate = Integer.parseInt(take(options, "rate", "500"));
        if (!options.isEmpty()) {
            throw new IllegalArgumentException("no option is called " + options.keySet());
        }
        CountDownLatch told = new CountDownLatch(1);
        SimulatedFleet fleet = SimulatedFleet.start(
                target, behaviour, SimulatedFleet.deviceIds(prefix, devices), rate, InstantSource.system());
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(told::countDown));
        while (!told.await(PRINT_SECONDS, TimeUnit.SECONDS)) {
            System.out.println(fleet.counters().json());
        }
        fleet.close();
    }

    private static String take(Map<String, String> options, String name, String byDefault) {
        String given = options.remove(name);
        return given == null ? byDefault : given;
    }

    private static Map<String, String> options(String[] args) {
        Map<String, String> options = new HashMap<>();
        for (String arg : args) {
            int equals = arg.indexOf('=');
            if (!arg.startsWith("--") || equals < 0) {
                throw new IllegalArgumentException("an option is --name=value, not " + arg);
            }
            options.put(arg.substring(2, equals), arg.substring(equals + 1));
        }
        return options;
    }
}
