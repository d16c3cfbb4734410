package io.muster.agent;

import io.muster.access.ConnectionString;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs devices as a process: one, by its connection string, or many simulated ones. Prints its counters as a line of JSON when they have changed,
 * every few seconds at most.
 */
public final class Main {
    private static final int UNUSABLE = 2;
    private static final long PRINT_SECONDS = 5;
    private static final String USAGE = """
            One device:    --connection.string=TEXT
            Many devices:  --policies=FILE [--policy=device] [--devices=1000] [--prefix=sim-], or --keys=FILE (deviceId=key, a line each)
                           [--host=localhost] [--hub.host=localhost]
            All of them:   [--port=8883] [--ca=FILE] [--rate=500] [--token.seconds=3600] [--answer.min.ms=0] [--answer.max.ms=0]
              [--failure.share=0] [--silent.share=0] [--disconnect.share=0] [--report.desired=true] [--telemetry.every.ms=0] [--seed=1]
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

    /** Says which devices connect where. */
    private record Devices(Target target, List<String> ids) {}

    private static void run(Map<String, String> options) throws IOException, InterruptedException {
        Devices devices = devices(options);
        Behaviour behaviour = behaviour(options);
        Duration tokenLife = Duration.ofSeconds(number(options, "token.seconds", 3600));
        int rate = Math.toIntExact(number(options, "rate", 500));
        if (!options.isEmpty()) {
            throw new IllegalArgumentException("no option is called " + options.keySet());
        }
        CountDownLatch ended = new CountDownLatch(1);
        SimulatedFleet fleet = SimulatedFleet.start(
                devices.target().withTokenLife(tokenLife), behaviour, devices.ids(), rate, InstantSource.system());
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

    private static Devices devices(Map<String, String> options) throws IOException {
        int port = Math.toIntExact(number(options, "port", 8883));
        String ca = take(options, "ca", "");
        @Nullable Path caFile = ca.isEmpty() ? null : Path.of(ca);
        String connectionString = take(options, "connection.string", "");
        if (!connectionString.isEmpty()) {
            ConnectionString parsed = ConnectionString.parse(connectionString);
            Target target = Target.byConnectionString(parsed, port, caFile);
            return new Devices(target, List.of(parsed.part("DeviceId").orElseThrow()));
        }
        String host = take(options, "host", "localhost");
        String hubHost = take(options, "hub.host", "localhost");
        String keys = take(options, "keys", "");
        if (!keys.isEmpty()) {
            Map<String, String> byDevice = keys(Path.of(keys));
            return new Devices(
                    Target.byKeys(host, port, hubHost, caFile, byDevice),
                    byDevice.keySet().stream().sorted().toList());
        }
        String policyName = take(options, "policy", "device");
        SharedAccessPolicy policy = SharedAccessPolicies.load(Path.of(take(options, "policies", "policies.properties")))
                .named(policyName)
                .orElseThrow(() -> new IllegalArgumentException("there is no policy " + policyName));
        return new Devices(
                Target.byPolicy(
                        host,
                        port,
                        hubHost,
                        caFile,
                        policyName,
                        policy.keys()
                                .signing()
                                .orElseThrow(() -> new IllegalArgumentException(
                                        "the policy " + policyName + " has no key that can be used"))),
                SimulatedFleet.deviceIds(
                        take(options, "prefix", "sim-"), Math.toIntExact(number(options, "devices", 1000))));
    }

    private static Map<String, String> keys(Path file) throws IOException {
        Map<String, String> keys = new HashMap<>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            int equals = line.indexOf('=');
            if (line.isBlank()) {
                continue;
            }
            if (equals < 1) {
                throw new IllegalArgumentException(
                        "a line of the key file is deviceId=key, file=" + file + " line=" + number);
            }
            keys.put(
                    line.substring(0, equals).strip(),
                    line.substring(equals + 1).strip());
        }
        return keys;
    }

    private static Behaviour behaviour(Map<String, String> options) {
        return new Behaviour(
                Duration.ofMillis(number(options, "answer.min.ms", 0)),
                Duration.ofMillis(number(options, "answer.max.ms", 0)),
                Double.parseDouble(take(options, "failure.share", "0")),
                Double.parseDouble(take(options, "silent.share", "0")),
                Double.parseDouble(take(options, "disconnect.share", "0")),
                Boolean.parseBoolean(take(options, "report.desired", "true")),
                Duration.ofMillis(number(options, "telemetry.every.ms", 0)),
                number(options, "seed", 1));
    }

    private static long number(Map<String, String> options, String name, long byDefault) {
        String text = take(options, name, Long.toString(byDefault));
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--" + name + " is a whole number, not " + text, e);
        }
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
