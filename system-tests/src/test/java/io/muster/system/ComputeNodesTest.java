package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.muster.codec.Codecs;
import io.muster.records.ComputeTask;
import io.muster.records.NodeLossRule;
import io.muster.records.NodeValue;
import io.muster.records.PoolCommand;
import io.muster.records.StopTask;
import io.muster.records.SubmitTask;
import io.muster.records.TaskEnded;
import io.muster.records.TaskNews;
import io.muster.records.TaskOutput;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.TaskProgram;
import io.muster.records.TaskResult;
import io.muster.records.TaskStarted;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs scripts on real compute nodes, through all of Muster's processes, while nodes and the planner are killed. */
class ComputeNodesTest {
    private static final String POOL = "default";
    private static final String OWNER = "tests";
    private static final Duration LIMIT = Duration.ofSeconds(120);

    private static RunningMuster muster;
    private static Codecs codecs;
    private static KafkaProducer<String, byte[]> producer;
    private static KafkaConsumer<String, byte[]> consumer;
    private static final List<TaskNews> NEWS = new ArrayList<>();
    private static final List<TaskOutput> OUTPUT = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.ownInstance(2);
        String kafka = muster.standalone.options().kafka();
        codecs = new Codecs(new ConfluentSchemaRegistry(
                new RegistrySettings(URI.create(muster.standalone.options().registry()), null, null, null)));
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka), new StringSerializer(), new ByteArraySerializer());
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka, "isolation.level", "read_committed"),
                new StringDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = Stream.of(Topics.SITE_TASKS, Topics.TASK_OUTPUT)
                .map(Topic::name)
                .flatMap(topic -> consumer.partitionsFor(topic).stream()
                        .map(partition -> new TopicPartition(topic, partition.partition())))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    @AfterAll
    static void stop() {
        consumer.close();
        producer.close();
        muster.standalone.close();
    }

    private static void read() {
        consumer.poll(Duration.ofMillis(200)).forEach(record -> {
            if (record.topic().equals(Topics.SITE_TASKS.name())) {
                NEWS.add(codecs.of(Topics.SITE_TASKS).decode(record.value()));
            } else {
                OUTPUT.add(codecs.of(Topics.TASK_OUTPUT).decode(record.value()));
            }
        });
    }

    private static <V extends SpecificRecord> void send(Topic<V> topic, String key, V value) {
        producer.send(new ProducerRecord<>(topic.name(), key, codecs.of(topic).encode(value)));
        producer.flush();
    }

    private static void submit(String id, NodeLossRule onNodeLoss, String script) {
        ComputeTask task = ComputeTask.newBuilder()
                .setTaskId(id)
                .setOwner(new TaskOwner(TaskOwnerKind.SITE, OWNER))
                .setProgram(TaskProgram.newBuilder()
                        .setCommand(List.of("bash", "-c", script))
                        .setEnvironment(Map.of("GREETING", "hello"))
                        .setNodeEnvironment(Map.of("NODE", NodeValue.NODE_ID))
                        .build())
                .setRequires(List.of("bash"))
                .setOnNodeLoss(onNodeLoss)
                .build();
        send(Topics.POOL_COMMANDS, POOL, new PoolCommand(POOL, new SubmitTask(task)));
    }

    private static List<Object> news(String id) {
        read();
        return NEWS.stream()
                .filter(news -> news.getTaskId().equals(id))
                .map(TaskNews::getNews)
                .toList();
    }

    /** Returns all that a task wrote, each byte once, of any attempt. */
    private static String output(String id) {
        read();
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        OUTPUT.stream()
                .filter(chunk -> chunk.getToken().getTaskId().equals(id))
                .distinct()
                .forEach(chunk -> text.writeBytes(chunk.getOutput().array()));
        return text.toString(StandardCharsets.UTF_8);
    }

    private static TaskEnded ended(String id) {
        return (TaskEnded) await().atMost(LIMIT)
                .until(
                        () -> news(id).stream()
                                .filter(TaskEnded.class::isInstance)
                                .findFirst()
                                .orElse(null),
                        found -> found != null);
    }

    private static String started(String id) {
        await().atMost(LIMIT).until(() -> output(id).contains("\n"));
        return output(id).strip();
    }

    private static ProcessHandle program(String pid) {
        return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
    }

    @Test
    void runsAScriptAndTellsItsOwnerTheExit() {
        submit("greets", NodeLossRule.ABORT, "echo $GREETING from $NODE; echo trouble >&2; exit 3");
        assertThat(ended("greets"))
                .extracting(TaskEnded::getResult, TaskEnded::getExitCode)
                .containsExactly(TaskResult.FAILED, 3);
        assertThat(output("greets")).containsPattern("hello from node-[12]\n").contains("trouble\n");
        assertThat(news("greets").getFirst()).isInstanceOf(TaskStarted.class);
    }

    @Test
    void stopsAScriptWithAllThatItStarted() {
        submit("stopped", NodeLossRule.ABORT, "sleep 1000 & echo $!; wait");
        ProcessHandle child = program(started("stopped"));
        send(Topics.POOL_COMMANDS, POOL, new PoolCommand(POOL, new StopTask("stopped")));
        assertThat(ended("stopped").getResult()).isEqualTo(TaskResult.STOPPED);
        // A process that was killed counts as alive until the system's first process has asked for its end.
        await().atMost(LIMIT).until(() -> !child.isAlive());
    }

    @Test
    void endsAScriptWithItsNodeThatIsKilledAndAbortsItsTask() {
        submit("orphaned", NodeLossRule.ABORT, "echo $$; exec sleep 1000");
        ProcessHandle program = program(started("orphaned"));
        String node = ((TaskStarted) await().atMost(LIMIT)
                        .until(
                                () -> news("orphaned").stream()
                                        .filter(TaskStarted.class::isInstance)
                                        .findFirst()
                                        .orElse(null),
                                found -> found != null))
                .getNodeId();
        muster.standalone.process(node).destroyForcibly();
        await().atMost(LIMIT).until(() -> !program.isAlive());
        assertThat(ended("orphaned").getResult()).isEqualTo(TaskResult.ABORTED);
    }

    @Test
    void countsAnExitOnceWhoeverIsKilledMeanwhile() {
        submit("patient", NodeLossRule.ABORT, "echo begun; sleep 5; echo done");
        started("patient");
        muster.standalone.process("planner").destroyForcibly();
        muster.standalone.process("gateway").destroyForcibly();
        assertThat(ended("patient"))
                .extracting(TaskEnded::getResult, TaskEnded::getExitCode)
                .containsExactly(TaskResult.SUCCEEDED, 0);
        assertThat(output("patient")).isEqualTo("begun\ndone\n");
        submit("next", NodeLossRule.ABORT, "exit 0");
        ended("next");
        assertThat(news("patient").stream().filter(TaskEnded.class::isInstance)).hasSize(1);
    }
}
