package io.muster.processor.streamjob.topology;

import io.muster.records.StreamJob;
import io.muster.service.CommittedOffsets;
import io.muster.service.KafkaConnection;
import io.muster.service.ServiceProgram;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.service.endpoint.EndpointClient;
import io.muster.topics.Namespace;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts rows to an endpoint, at least once and in order. They wait in a topic of the job, where the query's transaction has put them, until
 * the endpoint has taken them; rows that are left when the job stops are posted when it runs again. Each row has an id that stays, by which the
 * endpoint knows what it has had. Contract: stream-analytics, 4.3.
 */
final class EndpointDelivery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EndpointDelivery.class);

    /** Names the header of the rows' ids, in their order, with commas between. */
    private static final String IDS = "Muster-Result-Ids";

    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final int TOO_MANY = 429;
    private static final int TIMEOUT = 408;

    private final RunnableStreamJob.Output.ToEndpoint endpoint;
    private final String topic;
    private final Consumer<byte[], byte[]> consumer;
    private final EndpointClient http;
    private final Duration firstPause;
    private final java.util.function.Consumer<String> fatal;

    /** Names the endpoint without what may be a secret in its address. */
    private final String name;

    private final Thread thread;
    private volatile @Nullable String trouble;
    private volatile boolean closed;

    /**
     * Reads what the consumer has subscribed to.
     *
     * @param firstPause after the first trouble of the log or the endpoint
     * @param fatal ends the process: is called when rows can't be posted any more, with the reason
     */
    EndpointDelivery(
            RunnableStreamJob.Output.ToEndpoint endpoint,
            String topic,
            Consumer<byte[], byte[]> consumer,
            EndpointAccess access,
            Duration firstPause,
            java.util.function.Consumer<String> fatal) {
        this.endpoint = endpoint;
        this.name = endpoint.uri().getScheme() + "://" + endpoint.uri().getHost()
                + (endpoint.uri().getPort() == -1 ? "" : ":" + endpoint.uri().getPort())
                + String.valueOf(endpoint.uri().getRawPath());
        this.topic = topic;
        this.consumer = consumer;
        this.firstPause = firstPause;
        this.fatal = fatal;
        this.http = new EndpointClient(access, LIMIT);
        this.thread = Thread.ofPlatform().name(topic).unstarted(this::run);
    }

    /** Starts a delivery. @param access which endpoints are reached */
    static EndpointDelivery start(
            RunnableStreamJob.Output.ToEndpoint endpoint, String topic, KafkaConnection kafka, EndpointAccess access) {
        return new EndpointDelivery(
                        endpoint, topic, consumer(endpoint, topic, kafka), access, FIRST_PAUSE, ServiceProgram::fail)
                .start();
    }

    private static Consumer<byte[], byte[]> consumer(
            RunnableStreamJob.Output.ToEndpoint endpoint, String topic, KafkaConnection kafka) {
        Map<String, Object> properties = kafka.clientProperties();
        properties.put("group.id", topic);
        properties.put("isolation.level", "read_committed");
        properties.put("enable.auto.commit", false);
        properties.put("auto.offset.reset", "earliest");
        properties.put("max.poll.records", endpoint.most());
        Consumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.subscribe(List.of(topic));
        return consumer;
    }

    EndpointDelivery start() {
        thread.start();
        return this;
    }

    /** Returns the topic of a job's output, whatever start writes it. A job that is deleted and put again has another. */
    static String topic(StreamJob job, String output) {
        String name = job.getStreamJobId() + "/" + job.getCreatedAt().toEpochMilli() + "/" + output;
        return Namespace.name("muster-stream-endpoint-")
                + UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns why rows are not taken; empty while they are. */
    Optional<String> trouble() {
        return Optional.ofNullable(trouble);
    }

    private void run() {
        boolean isBehind = false;
        try (consumer;
                http) {
            while (!closed) {
                try {
                    if (isBehind) {
                        CommittedOffsets.rewind(consumer);
                        isBehind = false;
                        trouble = null;
                    }
                    deliverNext();
                } catch (WakeupException _) {
                    // Closed.
                } catch (RuntimeException e) {
                    // Rows that were read and not posted are read again.
                    isBehind = true;
                    trouble = "Rows for the endpoint " + name + " have to wait: "
                            + e.getClass().getSimpleName() + ".";
                    LOG.warn("Rows for an endpoint have to wait, endpoint={} reason={}", name, e.toString());
                    Thread.sleep(firstPause);
                }
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            trouble = "Rows for the endpoint " + name + " are not posted any more: "
                    + e.getClass().getSimpleName() + ".";
            if (!closed) {
                LOG.error("An endpoint's delivery ended, endpoint={}", name, e);
                fatal.accept("Rows for an endpoint can't be posted: " + e);
            }
        }
    }

    private void deliverNext() {
        List<ConsumerRecord<byte[], byte[]>> rows = new ArrayList<>();
        consumer.poll(POLL).forEach(rows::add);
        if (!rows.isEmpty() && deliver(rows)) {
            ConsumerRecord<byte[], byte[]> last = rows.getLast();
            consumer.commitSync(Map.of(
                    new TopicPartition(last.topic(), last.partition()), new OffsetAndMetadata(last.offset() + 1)));
        }
    }

    /** Posts rows until they are taken. @return whether they are settled; else their partition belongs to another instance now, or to none */
    private boolean deliver(List<ConsumerRecord<byte[], byte[]>> rows) {
        long longest = LONGEST_PAUSE.toMillis();
        for (long pause = firstPause.toMillis(); !closed; pause = Math.min(longest, 2 * pause)) {
            if (post(rows)) {
                trouble = null;
                return true;
            }
            // Still a member of the group while it waits, and without records.
            consumer.pause(consumer.assignment());
            for (long left = pause; left > 0 && !closed; left -= POLL.toMillis()) {
                if (!consumer.poll(POLL).isEmpty()) {
                    CommittedOffsets.rewind(consumer); // They were somebody else's in between.
                    return false;
                }
            }
            consumer.resume(consumer.assignment());
            if (consumer.assignment().isEmpty()) {
                return false;
            }
        }
        return false;
    }

    /** Posts rows once. @return whether they were taken, or never will be */
    private boolean post(List<ConsumerRecord<byte[], byte[]>> rows) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        List<String> ids = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> row : rows) {
            if (row.key() == null || row.value() == null) {
                LOG.warn("A record is no row of ours and is passed by, topic={} offset={}", topic, row.offset());
                continue;
            }
            body.write(ids.isEmpty() ? '[' : ',');
            body.writeBytes(row.value());
            ids.add(new String(row.key(), StandardCharsets.UTF_8));
        }
        if (ids.isEmpty()) {
            return true;
        }
        body.write(']');
        String answer;
        switch (http.call("POST", endpoint.uri(), Map.of(IDS, String.join(",", ids)), body.toByteArray())) {
            case EndpointClient.Outcome.Answered(int status) -> {
                if (status / 100 == 2) {
                    return true;
                }
                if (status / 100 == 4 && status != TOO_MANY && status != TIMEOUT && !endpoint.stopsAtErrors()) {
                    LOG.warn("An endpoint refuses rows, endpoint={} status={} rows={}", name, status, ids.size());
                    return true;
                }
                answer = "it answers " + status / 100 + "xx";
            }
            case EndpointClient.Outcome.NotReached(String why) -> answer = why;
        }
        trouble = "The endpoint " + name + " does not take what is written: " + answer.replaceFirst("\\.$", "") + ".";
        return false;
    }

    @Override
    public void close() {
        closed = true;
        consumer.wakeup();
        http.close();
        try {
            thread.join(LIMIT);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
