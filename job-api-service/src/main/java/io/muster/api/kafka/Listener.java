package io.muster.api.kafka;

import io.muster.api.job.JobView;
import io.muster.api.job.StreamJobView;
import io.muster.codec.Codecs;
import io.muster.codec.UndecodableRecordException;
import io.muster.service.SettingsException;
import io.muster.topics.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads replies from now on, and jobs, stream jobs and how far they are from their beginning. Ready when it has caught up once. */
public final class Listener implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    private static final List<String> VIEWED = List.of(
            Topics.JOBS.name(),
            Topics.JOB_STATISTICS.name(),
            Topics.STREAM_JOBS.name(),
            Topics.STREAM_JOB_PROGRESS.name());
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    private final KafkaConsumer<String, byte[]> consumer;
    private final Codecs codecs;
    private final KafkaRequests requests;
    private final JobView jobs;
    private final StreamJobView streamJobs;
    private final TopicPartition replies;
    private final Thread thread;
    private volatile boolean caughtUp;
    private volatile boolean closed;

    /** @param properties of a Kafka client */
    public Listener(
            Map<String, Object> properties,
            Codecs codecs,
            int instance,
            KafkaRequests requests,
            JobView jobs,
            StreamJobView streamJobs) {
        this.streamJobs = streamJobs;
        this.codecs = codecs;
        this.requests = requests;
        this.jobs = jobs;
        this.replies = new TopicPartition(Topics.REPLIES.name(), instance);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        this.consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
        int instances = consumer.partitionsFor(Topics.REPLIES.name()).size();
        if (instance < 0 || instance >= instances) {
            consumer.close();
            throw new SettingsException("api.instance is 0 to " + (instances - 1)
                    + ", as many as replies has partitions, instance=" + instance);
        }
        List<TopicPartition> partitions = new ArrayList<>(List.of(replies));
        for (String topic : VIEWED) {
            consumer.partitionsFor(topic).forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
        }
        consumer.assign(partitions);
        consumer.seekToEnd(List.of(replies));
        consumer.seekToBeginning(partitions.stream()
                .filter(partition -> !partition.equals(replies))
                .toList());
        consumer.position(replies);
        this.thread = Thread.ofPlatform().name("listener").unstarted(this::read);
    }

    public void start() {
        thread.start();
    }

    public boolean ready() {
        return caughtUp && !closed;
    }

    private void read() {
        Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
        while (!closed) {
            try {
                consumer.poll(POLL).forEach(this::take);
                caughtUp = caughtUp
                        || ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
            } catch (WakeupException e) {
                LOG.debug("Woken to end");
            } catch (KafkaException e) {
                LOG.warn("The topics can't be read for now: {}", e.toString());
            }
        }
        consumer.close();
    }

    private void take(ConsumerRecord<String, byte[]> record) {
        try {
            String topic = record.topic();
            if (record.value() == null) {
                forget(topic, record.key());
            } else if (topic.equals(Topics.REPLIES.name())) {
                requests.receive(codecs.of(Topics.REPLIES).decode(record.value()));
            } else if (topic.equals(Topics.JOBS.name())) {
                jobs.put(codecs.of(Topics.JOBS).decode(record.value()));
            } else if (topic.equals(Topics.JOB_STATISTICS.name())) {
                jobs.put(codecs.of(Topics.JOB_STATISTICS).decode(record.value()));
            } else if (topic.equals(Topics.STREAM_JOBS.name())) {
                streamJobs.put(codecs.of(Topics.STREAM_JOBS).decode(record.value()));
            } else {
                streamJobs.put(codecs.of(Topics.STREAM_JOB_PROGRESS).decode(record.value()));
            }
        } catch (UndecodableRecordException e) {
            LOG.warn(
                    "A record can't be read, topic={} partition={} offset={} reason={}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e.getMessage());
        }
    }

    private void forget(String topic, String key) {
        if (topic.equals(Topics.JOBS.name())) {
            jobs.forgetJob(key);
        } else if (topic.equals(Topics.JOB_STATISTICS.name())) {
            jobs.forgetStatistics(key);
        } else if (topic.equals(Topics.STREAM_JOBS.name())) {
            streamJobs.forget(key);
        } else if (topic.equals(Topics.STREAM_JOB_PROGRESS.name())) {
            streamJobs.forgetProgress(key);
        }
    }

    @Override
    public void close() {
        closed = true;
        consumer.wakeup();
        try {
            thread.join(CLOSE_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
