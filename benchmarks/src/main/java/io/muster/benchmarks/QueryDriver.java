package io.muster.benchmarks;

import io.muster.codec.Codecs;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.standalone.RestClient;
import io.muster.standalone.Standalone;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Prints how long queries take as the fleet grows. Arguments: the folder standalone/target/muster, and sizes of the fleet in ascending
 * order. A twin is about 1 KB as its document shows it.
 */
public final class QueryDriver {
    private static final int WARM = 15;
    private static final int ROUNDS = 25;

    /** Lists queries by the property that they show. The third asks what the first does in a way that no index serves. */
    private static final Map<String, String> QUERIES = new LinkedHashMap<>();

    static {
        QUERIES.put("a tag's value, one device", "SELECT * FROM devices WHERE tags.serial = 'sn-0000123'");
        QUERIES.put("a tag's value, 1% of the devices, first 100", "SELECT * FROM devices WHERE tags.site = 'site-07'");
        QUERIES.put("the first without an index", "SELECT * FROM devices WHERE tags.serial IN ['sn-0000123']");
        QUERIES.put(
                "count with two predicates",
                "SELECT COUNT() AS n FROM devices WHERE tags.floor > 3 AND properties.desired.rate < 5");
        QUERIES.put("count by group", "SELECT tags.floor AS f, COUNT() AS n FROM devices GROUP BY tags.floor");
        QUERIES.put("first page of all", "SELECT * FROM devices");
    }

    private QueryDriver() {}

    public static void main(String[] args) throws Exception {
        int[] sizes = Arrays.stream(args).skip(1).mapToInt(Integer::parseInt).toArray();
        try (Standalone muster = Trial.start(args[0])) {
            RestClient rest = new RestClient(muster.options().rest(), muster.caFile(), muster.policies());
            Codecs codecs = new Codecs(new ConfluentSchemaRegistry(
                    new RegistrySettings(URI.create(muster.options().registry()), null, null, null)));
            Registrar registrar = new Registrar(muster.options().kafka(), codecs, rest);
            int registered = 0;
            for (int size : sizes) {
                long start = System.nanoTime();
                registrar.register(
                        IntStream.range(registered, size)
                                .mapToObj("device-%07d"::formatted)
                                .toList(),
                        QueryDriver::tags);
                System.out.printf(
                        "%d devices: %d more registered in %.0f s%n",
                        size, size - registered, (System.nanoTime() - start) / 1e9);
                registered = size;
                for (Map.Entry<String, String> query : QUERIES.entrySet()) {
                    measure(rest, query.getKey(), query.getValue());
                }
            }
        }
    }

    private static String tags(String deviceId) {
        int number = Integer.parseInt(deviceId.substring("device-".length()));
        return "{\"serial\":\"sn-%07d\",\"site\":\"site-%02d\",\"floor\":%d,\"building\":{\"name\":\"north wing\",\"city\":\"Lyon\"}}"
                .formatted(number, number % 100, number % 10);
    }

    private static void measure(RestClient rest, String what, String query) {
        List<Double> millis = new ArrayList<>();
        String answer = "";
        for (int i = 0; i < WARM + ROUNDS; i++) {
            long start = System.nanoTime();
            answer = rest.send("POST", "/devices/query", "{\"query\":\"" + query + "\"}")
                    .join()
                    .body()
                    .toString();
            if (i >= WARM) {
                millis.add((System.nanoTime() - start) / 1e6);
            }
        }
        millis.sort(null);
        System.out.printf(
                "  %-45s median %.0f ms, max %.0f ms; %d bytes: %s%n",
                what,
                millis.get(millis.size() / 2),
                millis.getLast(),
                answer.length(),
                answer.substring(0, Math.min(60, answer.length())));
    }
}
