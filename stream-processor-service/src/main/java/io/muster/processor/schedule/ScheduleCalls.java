package io.muster.processor.schedule;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.records.BasicCredentials;
import io.muster.records.CallEndpoint;
import io.muster.records.ReportScheduleCall;
import io.muster.records.ScheduleCall;
import io.muster.records.ScheduleCommand;
import io.muster.records.WriteMessage;
import io.muster.service.CommittedOffsets;
import io.muster.service.DeadLetters;
import io.muster.service.KafkaConnection;
import io.muster.service.LogText;
import io.muster.service.RecordFailure;
import io.muster.service.ServiceProgram;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.service.endpoint.EndpointClient;
import io.muster.topics.Namespace;
import io.muster.topics.RecordSizes;
import io.muster.topics.StreamJobTopics;
import io.muster.topics.Topics;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out the calls that firings of schedules order, at least once, and reports what became of each to its schedule, which decides about retries.
 * Calls are carried out side by side, so many of one host or topic at once that one which hangs does not hold the others, and so many in all; none is read
 * beyond that. An offset is committed once all calls before it are reported. Each call names its firing and its attempt in headers, by which whoever takes it
 * knows what it has had. Contract: webjobs-and-schedules, 2.9.
 */
public final class ScheduleCalls implements AutoCloseable {
    /** Names the firing of a call: the schedule, a slash, and the run. It is the same in each attempt, and in each repetition of one. */
    static final String FIRING = "Muster-Firing-Id";

    /** Counts the attempts of a firing, from 0. */
    static final String ATTEMPT = "Muster-Attempt";

    private static final Logger LOG = LoggerFactory.getLogger(ScheduleCalls.class);
    private static final String SERVICE = "stream-processor-service";
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final Duration WRITE_LIMIT = Duration.ofSeconds(10);
    private static final Duration HANDOVER = Duration.ofSeconds(60);
    private static final int OF_A_POLL = 100;

    /** Bounds the calls that are under way, of which some wait for others of their receiver. */
    private static final int MOST = 1000;

    private static final long MOST_BYTES = 32L << 20;
    private static final int OF_A_RECEIVER = 50;

    private final CallsUnderWay under = new CallsUnderWay();
    private final Turns turns = new Turns(OF_A_RECEIVER);
    private final Consumer<String, byte[]> consumer;
    private final Producer<String, byte[]> producer;
    private final Codecs codecs;
    private final Reach reach;
    private final EndpointClient http;
    private final Duration pause;
    private final InstantSource clock;
    private final Counter succeeded;
    private final Counter failed;
    private final java.util.function.Consumer<String> fatal;
    private final Thread thread;
    private volatile boolean closed;
    /** Says that calls are broken off, and must not be reported. */
    private volatile boolean stopping;

    private volatile boolean ended;

    /**
     * Says what calls may reach.
     *
     * @param endpoints that are called
     * @param topics that messages are written to
     */
    public record Reach(EndpointAccess endpoints, StreamJobTopics topics) {}

    /**
     * Reads the topic of calls.
     *
     * @param producer is closed with it, as the consumer is
     * @param pause after trouble of the log
     * @param fatal ends the process: is called when calls can't be carried out any more, with the reason
     */
    ScheduleCalls(
            Consumer<String, byte[]> consumer,
            Producer<String, byte[]> producer,
            Codecs codecs,
            Reach reach,
            Duration pause,
            InstantSource clock,
            MeterRegistry meters,
            java.util.function.Consumer<String> fatal) {
        this.consumer = consumer;
        this.producer = producer;
        this.codecs = codecs;
        this.reach = reach;
        this.http = new EndpointClient(reach.endpoints(), LIMIT, MOST);
        this.pause = pause;
        this.clock = clock;
        this.succeeded = meters.counter("muster.schedule.calls", "outcome", "succeeded");
        this.failed = meters.counter("muster.schedule.calls", "outcome", "failed");
        this.fatal = fatal;
        this.thread = Thread.ofPlatform().name("schedule-calls").unstarted(this::run);
    }

    /** Starts to carry out calls. Returns at once. */
    public static ScheduleCalls start(KafkaConnection kafka, Reach reach, Codecs codecs, MeterRegistry meters) {
        ScheduleCalls calls = new ScheduleCalls(
                consumer(kafka),
                producer(kafka),
                codecs,
                reach,
                PAUSE,
                InstantSource.system(),
                meters,
                ServiceProgram::fail);
        return calls.start();
    }

    private static Consumer<String, byte[]> consumer(KafkaConnection kafka) {
        Map<String, Object> properties = kafka.clientProperties();
        properties.put("group.id", Namespace.name("muster-stream-schedule-calls"));
        properties.put("isolation.level", "read_committed");
        properties.put("enable.auto.commit", false);
        properties.put("auto.offset.reset", "earliest");
        properties.put("max.poll.records", OF_A_POLL);
        return new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
    }

    private static Producer<String, byte[]> producer(KafkaConnection kafka) {
        Map<String, Object> properties = kafka.clientProperties();
        properties.put("acks", "all");
        properties.put("max.block.ms", WRITE_LIMIT.toMillis());
        properties.put("max.request.size", RecordSizes.LARGEST_REQUEST);
        return new KafkaProducer<>(properties, new StringSerializer(), new ByteArraySerializer());
    }

    ScheduleCalls start() {
        thread.start();
        return this;
    }

    /** Returns whether calls are carried out. */
    public boolean ready() {
        return !ended;
    }

    private void run() {
        try (consumer;
                producer;
                http;
                ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
            takeAll(workers);
        } catch (InterruptedException | RuntimeException | Error e) {
            if (!closed) {
                LOG.error("Calls of schedules are not carried out any more", e);
                ended = true;
                fatal.accept("Calls of schedules can't be carried out: " + e);
            }
        } finally {
            ended = true;
        }
    }

    /** Takes calls until this is closed, and breaks off those that are under way then: whoever reads them next carries them out. */
    private void takeAll(ExecutorService workers) throws InterruptedException {
        boolean isSubscribed = false;
        boolean isBehind = false;
        try {
            while (!closed) {
                try {
                    if (!isSubscribed) {
                        consumer.subscribe(List.of(Topics.SCHEDULE_CALLS.name()), new Handover());
                        isSubscribed = true;
                    }
                    if (isBehind) {
                        CommittedOffsets.rewind(consumer);
                        isBehind = false;
                    }
                    takeNext(workers);
                    commit();
                    under.requireNoFailure();
                } catch (WakeupException _) {
                    // Closed.
                } catch (RuntimeException e) {
                    // Records that were read and not taken are read again.
                    isBehind = isSubscribed;
                    LOG.warn("Calls of schedules have to wait, reason={}", e.toString());
                    Thread.sleep(pause);
                }
            }
        } finally {
            stopping = true;
            workers.shutdownNow();
        }
    }

    /** Begins the calls of a poll. It is made although nothing may be read now: who does not poll is taken for dead. */
    private void takeNext(ExecutorService workers) throws InterruptedException {
        if (under.count() >= MOST || under.bytes() >= MOST_BYTES) {
            consumer.pause(consumer.assignment());
        } else {
            consumer.resume(consumer.assignment());
        }
        for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
            if (under.has(record)) {
                continue;
            }
            Optional<ScheduleCall> call = decode(record);
            if (call.isPresent()) {
                AtomicBoolean dropped = new AtomicBoolean();
                Future<?> work = workers.submit(() -> {
                    carryOutInTurn(call.get(), dropped);
                    return null;
                });
                under.add(record, work, dropped);
            } else {
                under.pass(record);
            }
        }
    }

    private void commit() {
        Map<TopicPartition, OffsetAndMetadata> done = under.done();
        if (!done.isEmpty()) {
            consumer.commitSync(done);
            under.committed(done);
        }
    }

    /** Ends the calls of partitions before these go to another instance. One that takes longer than the handover goes on, and is made twice; one that waits for its turn then is the other's. */
    private final class Handover implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            // Records are read from what is committed.
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            Instant end = clock.instant().plus(HANDOVER);
            try {
                for (Future<?> work : under.of(partitions)) {
                    awaitUntil(end, work);
                }
                commit();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                LOG.warn("Calls of schedules may be made again by another instance, reason={}", e.toString());
            }
            under.forget(partitions);
        }

        private void awaitUntil(Instant end, Future<?> work) throws InterruptedException {
            try {
                work.get(Math.max(0, Duration.between(clock.instant(), end).toMillis()), TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                LOG.info("A call of a schedule is made again by another instance, reason={}", e.toString());
            }
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            under.forget(partitions);
        }
    }

    private Optional<ScheduleCall> decode(ConsumerRecord<String, byte[]> record) throws InterruptedException {
        try {
            if (record.value() != null) {
                return Optional.of(codecs.of(Topics.SCHEDULE_CALLS).decode(record.value()));
            }
        } catch (RuntimeException e) {
            if (!RecordFailure.isOfRecord(e)) {
                throw e;
            }
            write(new ProducerRecord<>(
                    Topics.DEAD_LETTERS.name(),
                    codecs.of(Topics.DEAD_LETTERS)
                            .encode(DeadLetters.of(SERVICE, record, RecordFailure.reason(e), clock.instant()))));
        }
        return Optional.empty();
    }

    private void carryOutInTurn(ScheduleCall call, AtomicBoolean dropped) throws InterruptedException {
        try (Turns.Taken _ = turns.take(receiver(call))) {
            if (stopping || dropped.get()) {
                throw new InterruptedException("closed, or another's, before a call began");
            }
            carryOutAndReport(call);
        }
    }

    /** Returns what calls wait for each other for: a host or a topic. */
    private static String receiver(ScheduleCall call) {
        return switch (call.getRequest()) {
            case CallEndpoint endpoint -> "host " + host(endpoint.getUri());
            case WriteMessage message -> "topic " + message.getTopic();
            case Object _ -> "";
        };
    }

    private static String host(String uri) {
        try {
            URI address = new URI(uri);
            // A name with an underscore is no host to it.
            return String.valueOf(address.getHost() == null ? address.getRawAuthority() : address.getHost())
                    .toLowerCase(Locale.ROOT);
        } catch (URISyntaxException _) {
            return "";
        }
    }

    private void carryOutAndReport(ScheduleCall call) throws InterruptedException {
        Instant startedAt = clock.instant();
        CallOutcome outcome;
        if (startedAt.isAfter(call.getUntil())) {
            LOG.warn(
                    "A call comes too late and is not carried out, schedule={} run={}",
                    LogText.of(call.getScheduleId()),
                    LogText.of(call.getRun()));
            outcome = CallOutcome.late(call.getUntil());
        } else {
            outcome = carryOut(call);
            (outcome.succeeded() ? succeeded : failed).increment();
        }
        ScheduleCommand report = new ScheduleCommand(
                call.getScheduleId(),
                new ReportScheduleCall(
                        call.getRun(),
                        call.getOfError(),
                        call.getAttempt(),
                        startedAt,
                        clock.instant(),
                        outcome.succeeded(),
                        outcome.message()));
        while (!stopping) {
            try {
                write(new ProducerRecord<>(
                        Topics.SCHEDULE_COMMANDS.name(),
                        call.getScheduleId(),
                        codecs.of(Topics.SCHEDULE_COMMANDS).encode(report)));
                return;
            } catch (RuntimeException e) {
                LOG.warn(
                        "A report of a call has to wait, schedule={} reason={}",
                        LogText.of(call.getScheduleId()),
                        e.toString());
                Thread.sleep(pause);
            }
        }
        throw new IllegalStateException("closed before a call was reported");
    }

    private CallOutcome carryOut(ScheduleCall call) throws InterruptedException {
        try {
            return switch (call.getRequest()) {
                case CallEndpoint endpoint ->
                    CallOutcome.of(http.call(
                            endpoint.getMethod(),
                            URI.create(endpoint.getUri()),
                            headers(endpoint, call),
                            body(endpoint)));
                case WriteMessage message -> write(message, call);
                case Object _ ->
                    new CallOutcome(false, "The stream processor does not know such an action: upgrade it.");
            };
        } catch (RuntimeException e) {
            LOG.warn(
                    "A call can't be made, schedule={} reason={}",
                    LogText.of(call.getScheduleId()),
                    LogText.of(e.toString()));
            return new CallOutcome(false, "The call can't be made: correct its address, its method and its headers.");
        }
    }

    private static byte @Nullable [] body(CallEndpoint endpoint) {
        return endpoint.getBody() == null ? null : endpoint.getBody().getBytes(StandardCharsets.UTF_8);
    }

    private static Map<String, String> headers(CallEndpoint endpoint, ScheduleCall call) {
        Map<String, String> headers = new HashMap<>(endpoint.getHeaders());
        BasicCredentials credentials = endpoint.getCredentials();
        if (credentials != null) {
            headers.put(
                    "Authorization",
                    "Basic "
                            + Base64.getEncoder()
                                    .encodeToString((credentials.getUserName() + ":" + credentials.getPassword())
                                            .getBytes(StandardCharsets.UTF_8)));
        }
        headers.put(FIRING, firing(call));
        headers.put(ATTEMPT, String.valueOf(call.getAttempt()));
        return headers;
    }

    private static String firing(ScheduleCall call) {
        return call.getScheduleId() + "/" + call.getRun() + (call.getOfError() ? "/error" : "");
    }

    private CallOutcome write(WriteMessage message, ScheduleCall call) throws InterruptedException {
        Optional<String> refused = reach.topics().refusesWrite(message.getTopic());
        if (refused.isPresent()) {
            return new CallOutcome(false, refused.get());
        }
        ProducerRecord<String, byte[]> record = new ProducerRecord<>(
                message.getTopic(), call.getScheduleId(), message.getMessage().getBytes(StandardCharsets.UTF_8));
        record.headers()
                .add(FIRING, firing(call).getBytes(StandardCharsets.UTF_8))
                .add(ATTEMPT, String.valueOf(call.getAttempt()).getBytes(StandardCharsets.UTF_8));
        try {
            write(record);
            return new CallOutcome(true, "The message was written to the topic " + message.getTopic() + ".");
        } catch (KafkaException e) {
            return new CallOutcome(
                    false, "The topic " + message.getTopic() + " was not written to in time: see whether it is there.");
        }
    }

    private void write(ProducerRecord<String, byte[]> record) throws InterruptedException {
        try {
            producer.send(record).get();
        } catch (ExecutionException e) {
            throw new KafkaException(e.getCause());
        }
    }

    @Override
    public void close() {
        closed = true;
        stopping = true;
        consumer.wakeup();
        http.close(); // A call that it breaks off is not reported, and carried out by whoever reads it next.
        try {
            thread.join(LIMIT);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
