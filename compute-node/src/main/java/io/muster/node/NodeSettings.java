package io.muster.node;

import io.muster.access.ConnectionString;
import io.muster.device.Credentials;
import io.muster.device.HubAddress;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Holds the settings of a node. An argument {@code --data.dir=…} beats the environment's {@code MUSTER_DATA_DIR}.
 *
 * @param rest where artifacts are
 * @param data the folder of everything that the node keeps
 * @param labels shown in the twin
 * @param address under which other nodes reach this one; empty for the one from which it reaches its hub
 * @param runAs the user as whom programs run; empty for the node's own
 * @param cacheBytes how much of artifacts is kept
 * @param unpackedBytes how much the files of an attempt may hold
 * @param keptBytes how much is kept of the directories of tasks that don't run
 */
public record NodeSettings(
        HubAddress hub,
        String deviceId,
        Credentials credentials,
        URI rest,
        Path data,
        int slots,
        Map<String, String> labels,
        Optional<String> address,
        Optional<String> runAs,
        long cacheBytes,
        long unpackedBytes,
        long keptBytes) {
    /** Bounds labels: a gateway takes 256 capabilities of a node, its interpreters among them. */
    private static final int MOST_LABELS = 200;

    private static final int LONGEST_LABEL = 256;

    private static final Pattern ADDRESS = Pattern.compile("[A-Za-z0-9:._-]{1,253}");

    /** Says which settings there are. */
    static final String USAGE = """
            --connection.string.file=FILE or --connection.string=TEXT, a device's; or --device.id=ID --host=HOST [--hub.host=HOST] --certificate=FILE --key=FILE
            --data.dir=DIR [--port=8883] [--ca=FILE] [--rest.url=https://HOST] [--slots=N] [--labels=name=value,…] [--address=ADDRESS] [--run-as=USER]
            [--cache.mib=1024] [--unpacked.mib=1024] [--kept.mib=4096]
            Each may stand in the environment too, such as MUSTER_DATA_DIR. Without --ca the connection is plain TCP.""";

    private static final int MIB = 20;
    private static final int MOST_SLOTS = 1024;
    /** Names the settings. */
    static final Set<String> NAMES = Set.of(
            "connection.string.file",
            "connection.string",
            "device.id",
            "host",
            "hub.host",
            "certificate",
            "key",
            "data.dir",
            "port",
            "ca",
            "rest.url",
            "slots",
            "labels",
            "address",
            "run-as",
            "cache.mib",
            "unpacked.mib",
            "kept.mib");

    /** Makes one of copies. */
    public NodeSettings {
        labels = Map.copyOf(labels);
    }

    /**
     * Reads them.
     *
     * @throws IllegalArgumentException with a sentence, when one is missing or wrong
     * @throws IOException when the file with the connection string can't be read
     */
    static NodeSettings of(String[] args, Map<String, String> environment) throws IOException {
        return from(Given.of(args, environment, NAMES));
    }

    /** Reads settings that were given under {@link #NAMES}. Else as above. */
    static NodeSettings from(Given given) throws IOException {
        int port = given.number("port", 8883, 1, 65_535);
        @Nullable Path ca = given.text("ca").map(Path::of).orElse(null);
        Optional<String> text = given.text("connection.string.file").isPresent()
                ? Optional.of(Files.readString(Path.of(given.required("connection.string.file")))
                        .strip())
                : given.text("connection.string");
        HubAddress hub;
        String deviceId;
        Credentials credentials;
        if (text.isPresent()) {
            ConnectionString parsed = ConnectionString.parse(text.get());
            hub = HubAddress.of(parsed, port, ca);
            credentials = Credentials.of(parsed, Credentials.USUAL_LIFE);
            deviceId = parsed.part("DeviceId").orElseThrow();
        } else {
            String host = given.required("host");
            hub = new HubAddress(host, port, given.text("hub.host").orElse(host), ca);
            deviceId = given.required("device.id");
            credentials =
                    new Credentials.Certificate(Path.of(given.required("certificate")), Path.of(given.required("key")));
        }
        return new NodeSettings(
                hub,
                deviceId,
                credentials,
                rest(given.text("rest.url").orElse("https://" + hub.host())),
                Path.of(given.required("data.dir")).toAbsolutePath().normalize(),
                given.number("slots", Math.min(MOST_SLOTS, Runtime.getRuntime().availableProcessors()), 1, MOST_SLOTS),
                labels(given.text("labels").orElse("")),
                given.text("address").map(NodeSettings::address),
                given.text("run-as"),
                (long) given.number("cache.mib", 1024, 0, Integer.MAX_VALUE) << MIB,
                (long) given.number("unpacked.mib", 1024, 1, Integer.MAX_VALUE) << MIB,
                (long) given.number("kept.mib", 4096, 0, Integer.MAX_VALUE) << MIB);
    }

    /** Reads the address of the API. @throws IllegalArgumentException when it is none */
    static URI rest(String text) {
        URI uri = URI.create(text);
        if (uri.getHost() == null || !Set.of("https", "http").contains(String.valueOf(uri.getScheme()))) {
            throw new IllegalArgumentException("--rest.url is an address such as https://HOST:8443, not " + text);
        }
        return uri;
    }

    private static String address(String text) {
        if (!ADDRESS.matcher(text).matches()) {
            throw new IllegalArgumentException("--address is an address or a name of a host, not " + text);
        }
        return text;
    }

    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new TreeMap<>();
        for (String label : text.split(",")) {
            int equals = label.indexOf('=');
            if (label.isBlank()) {
                continue;
            }
            if (equals < 1) {
                throw new IllegalArgumentException("--labels is name=value with commas between, not " + text);
            }
            if (label.length() > LONGEST_LABEL || label.chars().anyMatch(Character::isISOControl)) {
                throw new IllegalArgumentException("--labels takes up to " + LONGEST_LABEL
                        + " characters of a label, and no control characters, unlike this one: " + label);
            }
            labels.put(
                    label.substring(0, equals).strip(),
                    label.substring(equals + 1).strip());
        }
        if (labels.size() > MOST_LABELS) {
            throw new IllegalArgumentException(
                    "--labels takes up to " + MOST_LABELS + " labels, not " + labels.size() + ".");
        }
        return labels;
    }
}
