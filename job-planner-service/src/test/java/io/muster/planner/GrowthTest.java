package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.planner.fleet.topology.FleetProcessor;
import io.muster.planner.state.FleetJob;
import io.muster.records.Batches;
import io.muster.records.CancelJob;
import io.muster.records.Capability;
import io.muster.records.CreateJob;
import io.muster.records.DeviceMethod;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodRequest;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.Traces;
import io.muster.service.state.Documents;
import io.muster.service.state.StoreSpec;
import io.muster.service.topology.ApplicationSpec;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topic;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyDescription;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;

/** Splits topics over a planner: it has prepared that they can get more partitions. */
class GrowthTest {
    private static final Capability METHODS = Capability.METHODS;

    @Test
    void declaresEveryStoreAndEveryTopicThatItReads() {
        Topology topology = PlannerTopology.build(
                new Topology(),
                new InMemorySchemaRegistry(),
                PartitionCounts.SMALL,
                JobLimits.NONE,
                Documents.NONE,
                new SimpleMeterRegistry(),
                Traces.off());
        Set<String> stores = new TreeSet<>();
        Set<String> topics = new TreeSet<>();
        topology.describe()
                .subtopologies()
                .forEach(part -> part.nodes().forEach(node -> {
                    switch (node) {
                        case TopologyDescription.Processor processor -> stores.addAll(processor.stores());
                        case TopologyDescription.Source source -> topics.addAll(source.topicSet());
                        default -> {}
                    }
                }));
        ApplicationSpec declared = PlannerService.declared();
        assertThat(declared.stores().stream().map(StoreSpec::name)).containsExactlyInAnyOrderElementsOf(stores);
        assertThat(declared.reads().stream().map(Topic::name)).containsExactlyInAnyOrderElementsOf(topics);
    }

    /** Counts places that another partition has since the split: those that may begin are those before the limit, and not so many. */
    @Test
    void countsPlacesThatAreElsewhere() {
        try (PlannerDriver planner = new PlannerDriver()) {
            for (String device : List.of("a", "b", "c", "d", "e", "f")) {
                planner.create(device, "{}");
                planner.connect(device, METHODS);
            }
            planner.job(
                    "j",
                    new CreateJob(new JobDefinition(
                            "j",
                            new DeviceMethod("reboot", "1", 30, 0),
                            "*",
                            null,
                            120,
                            JobPolicy.newBuilder()
                                    .setBatches(new Batches(2, 0, 100, 0.0))
                                    .build())));
            KeyValueStore<String, byte[]> waiting = planner.store(FleetProcessor.WAITING);
            List<String> places = new java.util.ArrayList<>();
            waiting.all().forEachRemaining(entry -> {
                if (new String(entry.value, StandardCharsets.UTF_8).equals("d")) {
                    places.add(entry.key);
                }
            });
            places.forEach(waiting::delete);
            for (MethodRequest request : planner.delivered(MethodRequest.class)) {
                String device = planner.deliveries().stream()
                        .filter(delivery -> delivery.getDelivery().equals(request))
                        .findFirst()
                        .orElseThrow()
                        .getDeviceId();
                planner.report(
                        device,
                        new MethodAnswered(
                                request.getDeliveryId(), 200, ByteBuffer.wrap("1".getBytes(StandardCharsets.UTF_8))));
            }
            assertThat(planner.deliveries().stream()
                            .filter(delivery -> delivery.getDelivery() instanceof MethodRequest)
                            .map(delivery -> delivery.getDeviceId()))
                    .containsExactly("a", "b", "c");
            KeyValueStore<String, FleetJob> jobs = planner.store(FleetProcessor.JOBS);
            assertThat(jobs.get("j").getReleased()).isEqualTo(4);
        }
    }

    @Test
    void deadLettersARecordInAWrongPartition() {
        try (PlannerDriver planner = new PlannerDriver(new PartitionCounts(2, 2, 1, 1), JobLimits.NONE)) {
            for (int i = 0; i < 32; i++) {
                planner.create("device-" + i, null);
                planner.job("job-" + i, new CancelJob());
            }
            assertThat(planner.deadLetters())
                    .hasSizeBetween(20, 44)
                    .allSatisfy(letter -> assertThat(letter.getReason())
                            .isEqualTo(
                                    "the key belongs into partition 1 and the record is in 0: partition by murmur2 of"
                                            + " the key, as Kafka's own producer does"));
            assertThat(planner.jobRefusals().size() + planner.deadLetters().size())
                    .isLessThan(64);
        }
    }
}
