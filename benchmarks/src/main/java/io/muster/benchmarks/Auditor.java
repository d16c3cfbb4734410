package io.muster.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.agent.Invocations;
import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.records.Delivery;
import io.muster.records.Device;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobEvents;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceJobStatus;
import io.muster.records.MethodRequests;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Recounts jobs from the log, and compares the counts with clients' answers, with devices' invocations and with twins. Reads what was
 * committed since it was made, or since its last read: before the first desired property of any device. Invocations may be reported by any
 * thread; all else is for one.
 */
final class Auditor implements Invocations, AutoCloseable {
    /** Bounds by how much a device may notice a call later than the client its cancel: both share two cores with everything else. */
    private static final Duration NOTICE = Duration.ofSeconds(1);

    /** Is the version of desired properties that were never changed. */
    private static final long UNTOUCHED = 1;

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Map<DeviceJobStatus, String> NAMES = Map.of(
            DeviceJobStatus.QUEUED, "pendingCount",
            DeviceJobStatus.RUNNING, "runningCount",
            DeviceJobStatus.COMPLETED, "succeededCount",
            DeviceJobStatus.FAILED, "failedCount");

    private record Invocation(String deviceId, String id, Instant at) {}

    /** Follows a device job: its status, and how often it was delivered. */
    private static final class Followed {
        private DeviceJobStatus status = DeviceJobStatus.QUEUED;
        private int delivered;
        private int undelivered;
    }

    private final Map<String, ConcurrentLinkedQueue<Invocation>> invocations = new ConcurrentHashMap<>();
    private final Map<String, Map<String, Followed>> deviceJobs = new HashMap<>();
    private final Map<String, Instant> lastDelivery = new HashMap<>();
    /** Keeps the last version of each device's desired properties, over all rounds. */
    private final Map<String, Long> desiredVersions = new HashMap<>();
    /** Counts how often the patch of a job became a new version of a device's desired properties, by job and device. */
    private final Map<String, Map<String, Integer>> applications = new HashMap<>();

    private final List<String> impossible = new ArrayList<>();
    private final KafkaConsumer<String, byte[]> consumer;
    private final RecordCodec<DeviceJobEvents> events;
    private final RecordCodec<Delivery> deliveries;
    private final RecordCodec<Device> devices;
    private final List<TopicPartition> partitions = new ArrayList<>();

    Auditor(String kafka, Codecs codecs) {
        this.events = codecs.of(Topics.DEVICE_JOB_EVENTS);
        this.deliveries = codecs.of(Topics.DELIVERIES);
        this.devices = codecs.of(Topics.DEVICES);
        this.consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka, "isolation.level", "read_committed"),
                new StringDeserializer(),
                new ByteArrayDeserializer());
        for (String topic : List.of(Topics.DEVICE_JOB_EVENTS.name(), Topics.DELIVERIES.name(), Topics.DEVICES.name())) {
            consumer.partitionsFor(topic)
                    .forEach(info -> partitions.add(new TopicPartition(info.topic(), info.partition())));
        }
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(consumer::position);
    }

    @Override
    public void invoked(String deviceId, String method, String id) {
        invocations
                .computeIfAbsent(method, _ -> new ConcurrentLinkedQueue<>())
                .add(new Invocation(deviceId, id, Instant.now()));
    }

    /** Forgets earlier jobs. */
    void begin() {
        deviceJobs.clear();
        lastDelivery.clear();
        applications.clear();
        impossible.clear();
        invocations.clear();
    }

    /** Reads until every device job is over: those that were delivered before a cancel end as their devices answer. */
    void read(Instant deadline) throws InterruptedException {
        do {
            readOn();
            Thread.sleep(200);
        } while (Instant.now().isBefore(deadline)
                && deviceJobs.values().stream()
                        .anyMatch(of -> of.values().stream().anyMatch(one -> !isOver(one.status))));
    }

    private void readOn() {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                if (record.topic().equals(Topics.DELIVERIES.name())) {
                    delivery(deliveries.decode(record.value()));
                } else if (record.topic().equals(Topics.DEVICES.name())) {
                    twin(record);
                } else {
                    DeviceJobEvents batch = events.decode(record.value());
                    batch.getEvents().forEach(event -> event(batch.getJobId(), event, record));
                }
            }
        }
    }

    private void delivery(Delivery delivery) {
        if (delivery.getDelivery() instanceof MethodRequests requests) {
            lastDelivery.merge(
                    requests.getMethodName(), delivery.getAt(), (one, other) -> one.isAfter(other) ? one : other);
        }
    }

    private void twin(ConsumerRecord<String, byte[]> record) {
        if (record.value() == null) {
            return;
        }
        Device device = devices.decode(record.value());
        long version = device.getTwin().getDesiredVersion();
        long before = Objects.requireNonNullElse(desiredVersions.put(device.getDeviceId(), version), UNTOUCHED);
        if (version == before) {
            return;
        }
        String job = lastPatch(device);
        applications.computeIfAbsent(job, _ -> new HashMap<>()).merge(device.getDeviceId(), 1, Integer::sum);
        if (version != before + 1) {
            impossible.add("offset " + record.offset() + " of partition " + record.partition() + ": " + job + " made "
                    + device.getDeviceId() + "'s desired properties version " + version + ", and they were " + before);
        }
    }

    /** Returns the job whose patch was the last: each sets its id. */
    private static String lastPatch(Device device) {
        try {
            return JSON.readTree(device.getTwin().getDesired())
                    .path(ObservedJob.PATCHED)
                    .asText();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("no JSON in a twin, deviceId=" + device.getDeviceId(), e);
        }
    }

    private void event(String jobId, DeviceJobEvent event, ConsumerRecord<String, byte[]> record) {
        Map<String, Followed> of = deviceJobs.computeIfAbsent(jobId, _ -> new HashMap<>());
        boolean isNew = !of.containsKey(event.getDeviceId());
        Followed followed = of.computeIfAbsent(event.getDeviceId(), _ -> new Followed());
        if (isNew != (event.getPrevious() == null)
                || (!isNew && event.getPrevious() != followed.status)
                || (!isNew && isOver(followed.status))) {
            impossible.add("offset " + record.offset() + " of partition " + record.partition() + ": " + jobId + " "
                    + event.getDeviceId() + " leaves " + event.getPrevious() + " and was "
                    + (isNew ? "not there" : followed.status));
        }
        followed.status = switch (event.getEvent()) {
            case DeviceJobQueued queued -> {
                followed.undelivered += queued.getUndeliveredAttempt() == null ? 0 : 1;
                yield DeviceJobStatus.QUEUED;
            }
            case DeviceJobDelivered _ -> {
                followed.delivered++;
                yield DeviceJobStatus.RUNNING;
            }
            case DeviceJobCompleted _ -> DeviceJobStatus.COMPLETED;
            case DeviceJobFailed _ -> DeviceJobStatus.FAILED;
            case DeviceJobCancelled _ -> DeviceJobStatus.CANCELLED;
            default ->
                throw new IllegalStateException(
                        "not of a device, class=" + event.getEvent().getClass());
        };
    }

    private static boolean isOver(DeviceJobStatus status) {
        return status == DeviceJobStatus.COMPLETED
                || status == DeviceJobStatus.FAILED
                || status == DeviceJobStatus.CANCELLED;
    }

    /**
     * Recounts a job.
     *
     * @param document of the job when it was over
     * @param skew by how much the clocks of those who decided may have been wrong
     * @return the faults, one sentence each
     */
    List<String> audit(ObservedJob job, JsonNode document, Duration skew) {
        List<String> wrong = new ArrayList<>(impossible.stream()
                .filter(sentence -> sentence.contains(job.id() + " "))
                .toList());
        Map<String, Followed> of = deviceJobs.getOrDefault(job.id(), Map.of());
        BiConsumer<String, String> add = (what, why) -> wrong.add(job.id() + ": " + what + ": " + why);
        counts(job, document, of, add);
        if (job.isMethod()) {
            calls(job, of, skew, add);
        } else {
            patches(job, of, add);
        }
        return wrong;
    }

    /** Requires that a completed device job changed its twin once, and any other did not. */
    private void patches(ObservedJob job, Map<String, Followed> of, BiConsumer<String, String> wrong) {
        Map<String, Integer> applied = applications.getOrDefault(job.id(), Map.of());
        of.forEach((device, one) -> {
            int wanted = one.status == DeviceJobStatus.COMPLETED ? 1 : 0;
            int times = applied.getOrDefault(device, 0);
            if (times != wanted) {
                wrong.accept(
                        times > 1 ? "applied twice" : "misapplied",
                        device + " is " + one.status + ", and its twin was changed " + times + " times");
            }
        });
        applied.keySet().stream()
                .filter(device -> !of.containsKey(device))
                .forEach(device ->
                        wrong.accept("applied unasked", device + "'s twin was changed, and has no device job"));
    }

    private static void counts(
            ObservedJob job, JsonNode document, Map<String, Followed> of, BiConsumer<String, String> wrong) {
        Map<DeviceJobStatus, Integer> counted = new EnumMap<>(DeviceJobStatus.class);
        of.values().forEach(one -> counted.merge(one.status, 1, Integer::sum));
        JsonNode statistics = document.path("deviceJobStatistics");
        boolean isCancelled = document.path("status").asText().equals("cancelled");
        if (isCancelled ? of.size() > job.targets() : of.size() != job.targets()) {
            wrong.accept("lost or made up", of.size() + " device jobs for " + job.targets() + " targets");
        }
        if (statistics.path("deviceCount").asInt() != of.size()) {
            wrong.accept("miscounted", "deviceCount was answered as " + statistics + ", the log has " + of.size());
        }
        NAMES.forEach((status, name) -> {
            int wanted = counted.getOrDefault(status, 0);
            if (statistics.path(name).asInt() != wanted) {
                wrong.accept("miscounted", name + " was answered as " + statistics + ", the log has " + counted);
            }
        });
        of.forEach((device, one) -> {
            if (!isOver(one.status)) {
                wrong.accept("left over", device + " is " + one.status + " though the job is over");
            }
        });
    }

    private void calls(ObservedJob job, Map<String, Followed> of, Duration skew, BiConsumer<String, String> wrong) {
        Map<String, Integer> times = new HashMap<>();
        Optional<Instant> cancelled = job.cancelAcknowledged().map(at -> at.plus(skew));
        for (Invocation invocation : invocations.getOrDefault(job.id(), new ConcurrentLinkedQueue<>())) {
            times.merge(invocation.deviceId(), 1, Integer::sum);
            // A delivery that was decided before the cancel may be on its way, behind a gateway that stands still,
            // until its time
            // is over.
            if (cancelled.isPresent()
                    && invocation
                            .at()
                            .isAfter(cancelled
                                    .get()
                                    .plus(ObservedJob.RESPONSE_LIMIT)
                                    .plus(NOTICE))) {
                wrong.accept(
                        "delivered after a cancel",
                        invocation.deviceId() + " was called at " + invocation.at() + ", acknowledged at "
                                + cancelled.get());
            }
        }
        times.forEach((device, count) -> {
            if (count > 1) {
                wrong.accept("called twice", device + " was called " + count + " times");
            }
            if (!of.containsKey(device) || of.get(device).delivered == 0) {
                wrong.accept("called unasked", device + " was called, and the log has no delivery");
            }
        });
        of.forEach((device, one) -> {
            if (one.status == DeviceJobStatus.COMPLETED && !times.containsKey(device)) {
                wrong.accept("made up", device + " completed, and was never called");
            }
        });
        if (cancelled.isPresent()
                && lastDelivery.containsKey(job.id())
                && lastDelivery.get(job.id()).isAfter(cancelled.get())) {
            wrong.accept(
                    "decided after a cancel",
                    "the log has a delivery of " + lastDelivery.get(job.id()) + ", acknowledged at " + cancelled.get());
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
