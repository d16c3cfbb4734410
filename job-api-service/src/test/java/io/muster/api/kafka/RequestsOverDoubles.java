package io.muster.api.kafka;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.api.job.Views;
import io.muster.codec.Codecs;
import io.muster.service.trouble.Faults;
import io.muster.topics.Headers;
import io.muster.topics.Topics;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Makes requests over a log in memory with two device partitions and one partition of replies. Its calls can fail. */
final class RequestsOverDoubles {
    static final int DEVICE_PARTITIONS = 2;

    private final MockProducer<String, byte[]> producer =
            new MockProducer<>(cluster(), true, null, new StringSerializer(), new ByteArraySerializer());
    private final KafkaRequests requests;

    RequestsOverDoubles(Codecs codecs, Views views, Faults faults) {
        this(codecs, views, faults, 0);
    }

    RequestsOverDoubles(Codecs codecs, Views views, Faults faults, int instance) {
        this.requests = new KafkaRequests(
                faults.of(Producer.class, producer),
                (Admin) Proxy.newProxyInstance(
                        RequestsOverDoubles.class.getClassLoader(), new Class<?>[] {Admin.class}, (_, _, _) -> null),
                codecs,
                instance,
                views,
                new SimpleMeterRegistry());
    }

    private static Cluster cluster() {
        List<PartitionInfo> partitions = Stream.of(
                        Map.entry(Topics.EXPANSIONS, DEVICE_PARTITIONS),
                        Map.entry(Topics.DEVICE_COMMANDS, DEVICE_PARTITIONS),
                        Map.entry(Topics.JOB_COMMANDS, 1),
                        Map.entry(Topics.STREAM_JOB_COMMANDS, 1),
                        Map.entry(Topics.SCHEDULE_COMMANDS, 1),
                        Map.entry(Topics.SITE_COMMANDS, 1),
                        Map.entry(Topics.COLLECTION_COMMANDS, 1),
                        Map.entry(Topics.BATCH_JOB_COMMANDS, 1),
                        Map.entry(Topics.BATCH_POOL_COMMANDS, 1),
                        Map.entry(Topics.POOL_COMMANDS, 1),
                        Map.entry(Topics.AUDIT_LOG, 1),
                        Map.entry(Topics.REPLIES, 1))
                .flatMap(topic -> IntStream.range(0, topic.getValue())
                        .mapToObj(partition -> new PartitionInfo(
                                topic.getKey().name(), partition, Node.noNode(), new Node[0], new Node[0])))
                .toList();
        return new Cluster("c", List.of(), partitions, Set.of(), Set.of());
    }

    KafkaRequests requests() {
        return requests;
    }

    List<ProducerRecord<String, byte[]>> records() {
        return producer.history();
    }

    /** Returns the ids of the requests that were written, each as often as there are records of it. */
    List<String> written() {
        return producer.history().stream()
                .map(record -> record.headers().lastHeader(Headers.REQUEST_ID))
                .map(header -> new String(header.value(), StandardCharsets.UTF_8))
                .toList();
    }
}
