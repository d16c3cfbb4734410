package io.muster.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.standalone.RestClient;
import io.muster.standalone.Standalone;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Prints how many tasks of Batch that exit at once four nodes with eight slots each complete a second, from the first call that adds some to the last event that says so, beside the same processes by {@code xargs}
 * and by an array of Slurm; how many are added a second; and the latency from an exit to the next start on that slot. Arguments: the folder standalone/target/muster, tasks, rounds.
 */
public final class BatchDriver implements AutoCloseable {
    private static final int NODES = 4;
    private static final int SLOTS = 8;
    private static final int A_CALL = 100;
    private static final int CALLS_AT_ONCE = 4;
    private static final int SUBMITTED = 20_000;
    private static final int TURNS = 8;
    private static final int SLURM_TASKS = 500;
    private static final List<String> PROCESSES = List.of("broker", "planner", "gateway", "api");
    private static final Duration POLL = Duration.ofMillis(20);
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RestClient rest;
    private final KafkaConsumer<String, String> events;

    private BatchDriver(Standalone muster) throws Exception {
        rest = new RestClient(muster.options().rest(), muster.caFile(), muster.policies());
        events = new KafkaConsumer<>(
                Map.of("bootstrap.servers", muster.options().kafka(), "isolation.level", "read_committed"),
                new StringDeserializer(),
                new StringDeserializer());
        events.assign(events.partitionsFor("task-events").stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList());
    }

    public static void main(String[] args) throws Exception {
        int tasks = Integer.parseInt(args[1]);
        int rounds = Integer.parseInt(args[2]);
        try (Standalone muster = Trial.start(args[0]);
                BatchNodes _ = BatchNodes.start(muster, NODES, SLOTS);
                BatchDriver driver = new BatchDriver(muster)) {
            driver.awaitNodes();
            for (int round = 0; round <= rounds; round++) {
                double floor = floor(tasks);
                CpuUse cpu = CpuUse.mark(muster, PROCESSES);
                double rate = driver.run("round-" + round, "true", tasks);
                System.out.printf(
                        Locale.ROOT,
                        "%s %d: %,d tasks, %,.0f/s; xargs -P %d: %,.0f/s; %.2f of it; CPU a task: %s%n",
                        round == 0 ? "cold" : "round",
                        round,
                        tasks,
                        rate,
                        NODES * SLOTS,
                        floor,
                        rate / floor,
                        cpu.micros(tasks));
            }
            driver.submit();
            driver.turns(muster.options().data());
        }
        slurm();
    }

    private void awaitNodes() throws Exception {
        long start = System.nanoTime();
        while (idleNodes() < NODES) {
            within(start, "the nodes are not there");
            Thread.sleep(100);
        }
    }

    private long idleNodes() throws Exception {
        RestClient.Answer answer = rest.sendBatch("GET", "pools/" + BatchNodes.POOL + "/nodes", null)
                .get();
        return answer.body()
                .path("value")
                .valueStream()
                .filter(node -> node.path("state").asText().equals("idle"))
                .count();
    }

    private static void within(long start, String otherwise) {
        if (System.nanoTime() - start > LIMIT.toNanos()) {
            throw new IllegalStateException(otherwise);
        }
    }

    private static double floor(int tasks) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Process all = new ProcessBuilder("sh", "-c", "seq " + tasks + " | xargs -n 1 -P " + NODES * SLOTS + " true")
                .inheritIO()
                .start();
        if (!all.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS) || all.exitValue() != 0) {
            throw new IllegalStateException("xargs did not run them all");
        }
        return tasks / seconds(start);
    }

    private void addJob(String id, String pool) throws Exception {
        ObjectNode job = JSON.createObjectNode().put("id", id);
        job.putObject("poolInfo").put("poolId", pool);
        require(201, rest.sendBatch("POST", "jobs", job.toString()).get());
    }

    private static void require(int status, RestClient.Answer answer) {
        if (answer.status() != status) {
            throw new IllegalStateException("answered with another status: " + answer);
        }
    }

    /** Adds tasks, some calls at once. */
    private void addTasks(String job, String command, int tasks) throws Exception {
        Deque<CompletableFuture<RestClient.Answer>> calls = new ArrayDeque<>();
        for (int first = 0; first < tasks; first += A_CALL) {
            ObjectNode body = JSON.createObjectNode();
            ArrayNode value = body.putArray("value");
            for (int task = first; task < Math.min(first + A_CALL, tasks); task++) {
                value.addObject().put("id", "t" + task).put("commandLine", command);
            }
            calls.addLast(rest.sendBatch("POST", "jobs/" + job + "/addtaskcollection", body.toString()));
            if (calls.size() == CALLS_AT_ONCE) {
                added(calls.removeFirst().get());
            }
        }
        for (CompletableFuture<RestClient.Answer> call : calls) {
            added(call.get());
        }
    }

    private static void added(RestClient.Answer answer) {
        require(200, answer);
        if (!answer.body()
                .path("value")
                .valueStream()
                .allMatch(task -> task.path("status").asText().equalsIgnoreCase("success"))) {
            throw new IllegalStateException("not all tasks were added: " + answer);
        }
    }

    /** Runs tasks of a job of their own. @return how many were completed a second */
    private double run(String job, String command, int tasks) throws Exception {
        addJob(job, BatchNodes.POOL);
        events.seekToEnd(events.assignment());
        events.assignment().forEach(events::position);
        long start = System.nanoTime();
        addTasks(job, command, tasks);
        int open = tasks;
        while (open > 0) {
            for (var event : events.poll(POLL)) {
                String type = new String(event.headers().lastHeader("ce-type").value(), StandardCharsets.UTF_8);
                if (event.key().startsWith(job + "/")) {
                    switch (type) {
                        case "TaskCompleteEvent" -> open--;
                        case "TaskFailEvent" -> throw new IllegalStateException("a task failed: " + event.value());
                        default -> {
                            // Is placed, or waits.
                        }
                    }
                }
            }
            within(start, "tasks were not completed, open=" + open);
        }
        double rate = tasks / seconds(start);
        require(202, rest.sendBatch("DELETE", "jobs/" + job, null).get());
        return rate;
    }

    /** Measures how fast tasks are added to a job whose pool has no nodes. */
    private void submit() throws Exception {
        for (String job : List.of("submitted-cold", "submitted")) {
            addJob(job, "nowhere");
            long start = System.nanoTime();
            addTasks(job, "true", SUBMITTED);
            System.out.printf(
                    Locale.ROOT,
                    "%s: %,d tasks added, %,.0f/s, %d a call, %d calls at once%n",
                    job,
                    SUBMITTED,
                    SUBMITTED / seconds(start),
                    A_CALL,
                    CALLS_AT_ONCE);
            require(202, rest.sendBatch("DELETE", "jobs/" + job, null).get());
        }
    }

    private void turns(Path data) throws Exception {
        Path folder = Files.createDirectory(data.resolve("turns"));
        run("turns", "sh -c '" + turn(folder + "/$AZ_BATCH_NODE_ID") + "'", NODES * SLOTS * TURNS);
        List<Double> millis = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                millis.addAll(turns(file, SLOTS));
            }
        }
        System.out.println("exit to the next start on that slot: " + percentiles(millis));
    }

    /** Returns a script that notes when it starts and ends. */
    private static String turn(String file) {
        return "date +s%s%N >>" + file + "; sleep 1; date +e%s%N >>" + file;
    }

    /** Returns how long each start came behind the exit whose slot it took, in ms: the earliest that no other start came behind. */
    private static List<Double> turns(Path file, int slots) throws IOException {
        List<Long> starts = times(file, "s");
        List<Long> ends = times(file, "e");
        List<Double> millis = new ArrayList<>();
        for (int turn = slots; turn < starts.size(); turn++) {
            millis.add((starts.get(turn) - ends.get(turn - slots)) / 1e6);
        }
        return millis;
    }

    private static List<Long> times(Path file, String kind) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(kind))
                    .map(line -> Long.parseLong(line.substring(1)))
                    .sorted()
                    .toList();
        }
    }

    private static String percentiles(List<Double> millis) {
        List<Double> sorted = millis.stream().sorted().toList();
        return "median %.0f ms, p90 %.0f ms, of %d"
                .formatted(sorted.get(sorted.size() / 2), sorted.get(sorted.size() * 9 / 10), sorted.size());
    }

    private static void slurm() throws Exception {
        Optional<SlurmPeer> started = SlurmPeer.start(NODES * SLOTS);
        if (started.isEmpty()) {
            System.out.println("Slurm is not there: apt-get install slurmctld slurmd slurm-client munge");
            return;
        }
        try (SlurmPeer slurm = started.get()) {
            Path folder = Files.createTempDirectory("slurm-turns");
            for (int round = 0; round < 2; round++) {
                Path done = folder.resolve("done-" + round);
                long start = System.nanoTime();
                slurm.submit("echo >>" + done, SLURM_TASKS, false);
                awaitLines(done, SLURM_TASKS);
                System.out.printf(
                        Locale.ROOT, "Slurm: an array of %,d, %,.0f/s%n", SLURM_TASKS, SLURM_TASKS / seconds(start));
            }
            Path turns = folder.resolve("turns");
            slurm.submit(turn(turns.toString()), NODES * SLOTS * TURNS, false);
            awaitLines(turns, 2 * NODES * SLOTS * TURNS);
            System.out.println(
                    "Slurm: exit to the next start on that slot: " + percentiles(turns(turns, NODES * SLOTS)));
            for (int jobs : new int[] {A_CALL, SUBMITTED}) {
                int calls = jobs == A_CALL ? 20 : 1;
                long start = System.nanoTime();
                for (int call = 0; call < calls; call++) {
                    slurm.submit("true", jobs, true);
                }
                System.out.printf(
                        Locale.ROOT,
                        "Slurm: %,d jobs added, %,.0f/s, %,d a call of sbatch%n",
                        calls * jobs,
                        calls * jobs / seconds(start),
                        jobs);
            }
            slurm.cancel();
        }
    }

    private static void awaitLines(Path file, int lines) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (!Files.exists(file) || count(file) < lines) {
            within(start, "Slurm did not run them all: " + file);
            Thread.sleep(50);
        }
    }

    private static long count(Path file) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.count();
        }
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    @Override
    public void close() {
        events.close();
    }
}
