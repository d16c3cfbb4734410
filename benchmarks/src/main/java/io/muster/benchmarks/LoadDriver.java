package io.muster.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.agent.Target;
import io.muster.codec.Codecs;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobEvents;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.standalone.RestClient;
import io.muster.standalone.Standalone;
import io.muster.topics.Topics;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Prints three figures of latency and throughput, and their floors. Arguments: the folder standalone/target/muster, how many registered devices for
 * the fan-out, how many connected ones for the round trips.
 */
public final class LoadDriver {
    private static final List<String> PROCESSES = List.of("broker", "planner", "processor", "gateway", "api");
    private static final int LATENCY_JOBS = 60;
    /** Warms up for rounds of a second each, until the processes are compiled. */
    private static final int WARM_ROUNDS = 60;

    private static final int WARM_TRIPS = 50_000;
    private static final int ROUNDS = 10;
    private static final int FLOOR_TRIPS = 10_000;
    /** Limits the devices: both ends of their connections are in this process, which may have 20,000 files open. */
    private static final int FLOOR_DEVICES = 4000;

    private final Standalone muster;
    private final RestClient rest;
    private final Codecs codecs;
    private final Registrar registrar;

    private LoadDriver(Standalone muster) throws Exception {
        this.muster = muster;
        this.rest = new RestClient(muster.options().rest(), muster.caFile(), muster.policies());
        this.codecs = new Codecs(new ConfluentSchemaRegistry(
                new RegistrySettings(URI.create(muster.options().registry()), null, null, null)));
        this.registrar = new Registrar(muster.options().kafka(), codecs, rest);
    }

    public static void main(String[] args) throws Exception {
        int registered = Integer.parseInt(args[1]);
        int connected = Integer.parseInt(args[2]);
        try (Standalone muster = Trial.start(args[0])) {
            LoadDriver driver = new LoadDriver(muster);
            driver.latency();
            driver.roundTrips(connected, muster.options().data());
            if (registered > 0) {
                driver.fanOut(registered);
            }
        }
    }

    private void fanOut(int devices) throws Exception {
        registrar.register(SimulatedFleet.deviceIds("fan-", devices), _ -> "{\"fan\":true,\"site\":\"A\",\"floor\":3}");
        run("warm", twinJob("tags.floor = 4"), 10);
        for (int round = 1; round <= 3; round++) {
            LogFloor floor = round == 3 ? LogFloor.mark(muster.options().kafka()) : null;
            CpuUse cpu = CpuUse.mark(muster, PROCESSES);
            double seconds = run("fan-" + round, twinJob("tags.fan = true AND tags.floor < 9"), 10);
            System.out.printf(
                    "(a) fan-out %d: %d device jobs in %.2f s = %.0f/s; CPU a device job: %s%n",
                    round, devices, seconds, devices / seconds, cpu.micros(devices));
            if (floor != null) {
                LogFloor.Result result = floor.measure();
                System.out.printf(
                        "    floor: %d records, %d bytes, %.2f s = %.0f device jobs/s; ratio %.2f%n",
                        result.records(),
                        result.bytes(),
                        result.seconds(),
                        devices / result.seconds(),
                        result.seconds() / seconds);
            }
        }
    }

    private void roundTrips(int devices, Path data) throws Exception {
        registrar.register(SimulatedFleet.deviceIds("trip-", devices), _ -> "{\"trip\":true}");
        Target target = Trial.devices(muster);
        try (SimulatedFleet fleet = SimulatedFleet.start(
                target, Behaviour.PERFECT, SimulatedFleet.deviceIds("trip-", devices), 500, InstantSource.system())) {
            long start = System.nanoTime();
            while (fleet.counters().connected() < devices) {
                Thread.sleep(50);
            }
            System.out.printf(
                    "    %d devices connected in %.1f s: %s%n",
                    devices, (System.nanoTime() - start) / 1e9, fleet.counters().json());
            for (int round = 1; round <= WARM_ROUNDS; round++) {
                trip("warm-" + round, devices);
            }
            RoundTripFloor floor = new RoundTripFloor(
                    muster.options().kafka(),
                    data.resolve("ca/server.pem"),
                    data.resolve("ca/server-key.pem"),
                    muster.caFile(),
                    Math.min(devices, FLOOR_DEVICES));
            try (floor) {
                floor.overKafka(WARM_TRIPS);
                floor.bare(WARM_TRIPS);
                List<Double> rates = new ArrayList<>();
                List<Double> floors = new ArrayList<>();
                List<Double> bare = new ArrayList<>();
                for (int round = 1; round <= ROUNDS; round++) {
                    rates.add(trip("trip-" + round, devices));
                    floors.add(floor.overKafka(FLOOR_TRIPS));
                    bare.add(floor.bare(FLOOR_TRIPS));
                    System.out.printf("    floor %.0f/s over Kafka, %.0f/s bare%n", floors.getLast(), bare.getLast());
                }
                System.out.printf(
                        "(b) medians of %d rounds, each beside its floor: %.0f/s; floor %.0f/s over Kafka, ratio %.2f; bare MQTT %.0f/s%n",
                        ROUNDS, median(rates), median(floors), median(rates) / median(floors), median(bare));
            }
            LogFloor counted = LogFloor.mark(muster.options().kafka());
            trip("counted", devices);
            System.out.println("(b) records a device job: " + perJob(counted.counts(), devices));
            System.out.println("    devices: " + fleet.counters().json());
        }
    }

    private double trip(String id, int devices) throws Exception {
        Map<TopicPartition, Long> begin = ends();
        CpuUse cpu = CpuUse.mark(muster, PROCESSES);
        double seconds = run(
                id,
                "{\"type\":\"scheduleDeviceMethod\",\"queryCondition\":\"tags.trip = true\","
                        + "\"cloudToDeviceMethod\":{\"methodName\":\"reboot\",\"payload\":{\"delay\":5},\"responseTimeoutInSeconds\":60}}",
                10);
        String used = cpu.micros(devices);
        System.out.printf(
                "(b) round trips %s: %d in %.2f s = %.0f/s; delivery to result %s; CPU a device job: %s%n",
                id, devices, seconds, devices / seconds, percentiles(id, begin), used);
        return devices / seconds;
    }

    private static String perJob(SortedMap<String, Long> records, int jobs) {
        StringBuilder text = new StringBuilder();
        records.forEach(
                (topic, count) -> text.append(String.format(Locale.ROOT, "%s %.3f, ", topic, (double) count / jobs)));
        long all = records.values().stream().mapToLong(Long::longValue).sum();
        return text.append(String.format(Locale.ROOT, "in all %.2f", (double) all / jobs))
                .toString();
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private void latency() throws Exception {
        registrar.register(SimulatedFleet.deviceIds("one-", 1), _ -> "{\"one\":true}");
        List<Double> millis = new ArrayList<>();
        for (int i = 0; i < LATENCY_JOBS; i++) {
            double seconds = run("one-" + i, twinJob("deviceId = 'one-000001'"), 2);
            if (i >= LATENCY_JOBS / 2) {
                millis.add(seconds * 1000);
            }
        }
        millis.sort(null);
        System.out.printf(
                "(c) one job over one device, PUT to completed: median %.0f ms, p90 %.0f ms, max %.0f ms%n",
                millis.get(millis.size() / 2), millis.get(millis.size() * 9 / 10), millis.getLast());
    }

    private static String twinJob(String condition) {
        return "{\"type\":\"scheduleUpdateTwin\",\"queryCondition\":\"" + condition
                + "\",\"updateTwin\":{\"etag\":\"*\",\"properties\":{\"desired\":{\"rate\":5}}}}";
    }

    /** Returns the seconds from the request to the first poll that sees the end */
    private double run(String jobId, String body, long pollMillis) throws InterruptedException {
        long start = System.nanoTime();
        JsonNode job = rest.send("PUT", "/jobs/v2/" + jobId, body).join().body();
        while (!job.path("status").asText().equals("completed")) {
            Thread.sleep(pollMillis);
            job = rest.send("GET", "/jobs/v2/" + jobId, null).join().body();
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private KafkaConsumer<String, byte[]> events() {
        return new KafkaConsumer<>(
                Map.of("bootstrap.servers", muster.options().kafka(), "isolation.level", "read_committed"),
                new StringDeserializer(),
                new ByteArrayDeserializer());
    }

    private Map<TopicPartition, Long> ends() {
        try (KafkaConsumer<String, byte[]> consumer = events()) {
            return consumer.endOffsets(consumer.partitionsFor(Topics.DEVICE_JOB_EVENTS.name()).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList());
        }
    }

    /** Returns the median and the 99th percentile of the time from delivery to completion of a job's device jobs. @param begin where the events of the job begin */
    private String percentiles(String jobId, Map<TopicPartition, Long> begin) {
        Map<String, Instant> delivered = new HashMap<>();
        List<Long> millis = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer = events()) {
            consumer.assign(begin.keySet());
            begin.forEach(consumer::seek);
            Map<TopicPartition, Long> ends = consumer.endOffsets(begin.keySet());
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> {
                    DeviceJobEvents batch = codecs.of(Topics.DEVICE_JOB_EVENTS).decode(record.value());
                    if (batch.getJobId().equals(jobId)) {
                        batch.getEvents().forEach(event -> note(event, batch.getAt(), delivered, millis));
                    }
                });
            }
        }
        millis.sort(null);
        return "p50 " + millis.get(millis.size() / 2) + " ms, p99 " + millis.get(millis.size() * 99 / 100) + " ms";
    }

    private static void note(DeviceJobEvent event, Instant at, Map<String, Instant> delivered, List<Long> millis) {
        switch (event.getEvent()) {
            case DeviceJobDelivered _ -> delivered.put(event.getDeviceId(), at);
            case DeviceJobCompleted _ ->
                millis.add(
                        Duration.between(delivered.get(event.getDeviceId()), at).toMillis());
            default -> {}
        }
    }
}
