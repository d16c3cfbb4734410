package io.muster.agent;

import io.muster.access.ConnectionString;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Holds the settings of the agent.
 *
 * @param deviceIds of the devices that connect
 * @param rate how many connect in a second at most
 */
record AgentSettings(Target target, List<String> deviceIds, Behaviour behaviour, int rate) {
    /** Says which settings there are. */
    static final String USAGE = """
            One device:    --connection.string=TEXT
            Many devices:  [--policies=policies.properties] [--policy=device] [--devices=1000] [--prefix=sim-], or --keys=FILE (deviceId=key, a line each)
                           [--host=localhost] [--hub.host=localhost]
            All of them:   [--port=8883] [--ca=FILE] [--rate=500] [--token.seconds=3600] [--answer.min.ms=0] [--answer.max.ms=0]
              [--failure.share=0] [--silent.share=0] [--disconnect.share=0] [--report.desired=true] [--telemetry.every.ms=0] [--seed=1]
            Without --ca the connection is plain TCP.""";

    /** Makes one of copies. */
    AgentSettings {
        deviceIds = List.copyOf(deviceIds);
    }

    /** Says which devices connect where. */
    private record Devices(Target target, List<String> ids) {}

    /**
     * Reads them.
     *
     * @throws IllegalArgumentException with a sentence, when one is wrong
     * @throws IOException when a file that one of them names can't be read
     */
    static AgentSettings from(Options options) throws IOException {
        Devices devices = devices(options);
        Behaviour behaviour = behaviour(options);
        Duration tokenLife = Duration.ofSeconds(options.number("token.seconds", 3600));
        return new AgentSettings(
                devices.target().withTokenLife(tokenLife),
                devices.ids(),
                behaviour,
                Math.toIntExact(options.number("rate", 500)));
    }

    private static Devices devices(Options options) throws IOException {
        int port = Math.toIntExact(options.number("port", 8883));
        String ca = options.text("ca", "");
        @Nullable Path caFile = ca.isEmpty() ? null : Path.of(ca);
        String connectionString = options.text("connection.string", "");
        if (!connectionString.isEmpty()) {
            ConnectionString parsed = ConnectionString.parse(connectionString);
            Target target = Target.byConnectionString(parsed, port, caFile);
            return new Devices(target, List.of(parsed.part("DeviceId").orElseThrow()));
        }
        String host = options.text("host", "localhost");
        String hubHost = options.text("hub.host", "localhost");
        String keys = options.text("keys", "");
        if (!keys.isEmpty()) {
            Map<String, String> byDevice = keys(Path.of(keys));
            return new Devices(
                    Target.byKeys(host, port, hubHost, caFile, byDevice),
                    byDevice.keySet().stream().sorted().toList());
        }
        String policyName = options.text("policy", "device");
        SharedAccessPolicy policy = SharedAccessPolicies.load(Path.of(options.text("policies", "policies.properties")))
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
                        options.text("prefix", "sim-"), Math.toIntExact(options.number("devices", 1000))));
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

    private static Behaviour behaviour(Options options) {
        return new Behaviour(
                Duration.ofMillis(options.number("answer.min.ms", 0)),
                Duration.ofMillis(options.number("answer.max.ms", 0)),
                Double.parseDouble(options.text("failure.share", "0")),
                Double.parseDouble(options.text("silent.share", "0")),
                Double.parseDouble(options.text("disconnect.share", "0")),
                Boolean.parseBoolean(options.text("report.desired", "true")),
                Duration.ofMillis(options.number("telemetry.every.ms", 0)),
                options.number("seed", 1));
    }
}
