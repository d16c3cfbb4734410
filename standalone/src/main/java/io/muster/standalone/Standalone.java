package io.muster.standalone;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.access.SharedAccessPolicies;
import io.muster.registry.SchemaRegistryException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * Runs Muster on one machine: starts its processes in order, keeps them running, and ends them in order. Each is the program that runs in
 * production, with settings.
 */
public final class Standalone implements AutoCloseable {
    private static final String SECOND = "-2";
    private static final List<String> STATEFUL = List.of("planner", "processor");
    static final String AGENTS = "agents";
    /** Bounds a node: it holds little but output that the hub has not got. */
    private static final int NODE_MEGABYTES = 64;

    private static final String NODE_LIBRARIES =
            "(compute-node|device-client|shared-access|netty-|jackson-|slf4j-api|logback-).*\\.jar";
    private static final List<String> SERVICES = List.of("planner", "processor", "gateway", "api");
    /** Bounds an end: one process after the other, with the broker, the registry, the devices and the nodes. */
    static final Duration END_LIMIT = Child.END_LIMIT.multipliedBy(SERVICES.size() + 4);

    private static final Duration START_LIMIT = Duration.ofMinutes(10);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration ROTATION = Duration.ofSeconds(10);

    private final Options options;
    private final DataFolder data;
    private final Programs programs;
    private final Consumer<String> say;
    /** Holds the processes in the order of their start. */
    private final List<Child> children = new CopyOnWriteArrayList<>();

    private final Map<String, Integer> operations = new ConcurrentHashMap<>();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("timer").factory());
    private final long startedAt = System.nanoTime();
    private String state = State.STARTING;

    private Standalone(Options options, DataFolder data, Consumer<String> say) {
        this.options = options;
        this.data = data;
        this.programs = new Programs(options);
        this.say = say;
    }

    /**
     * Starts everything but devices; returns when it is ready.
     *
     * @param say takes a line of progress
     * @throws StandaloneException when it can't; processes that were started are ended again
     */
    public static Standalone start(Options options, Consumer<String> say)
            throws StandaloneException, InterruptedException {
        return start(options, say, _ -> {});
    }

    /** Starts everything but devices. @param logs is called with the folder of logs once it is this run's own */
    static Standalone start(Options options, Consumer<String> say, Consumer<Path> logs)
            throws StandaloneException, InterruptedException {
        DataFolder data = DataFolder.hold(options.data());
        try {
            endLeftovers(options.data(), say);
            requireFreePorts(options);
        } catch (StandaloneException e) {
            discard(data);
            throw e;
        }
        Standalone standalone = new Standalone(options, data, say);
        try {
            data.prepare(options.fresh());
            logs.accept(data.logs());
            standalone.become("starting");
            standalone.timer.scheduleWithFixedDelay(
                    standalone::rotateLogs, ROTATION.toSeconds(), ROTATION.toSeconds(), TimeUnit.SECONDS);
            standalone.startAll();
            return standalone;
        } catch (StandaloneException | InterruptedException | RuntimeException e) {
            standalone.close();
            throw e;
        }
    }

    private static void discard(DataFolder data) throws StandaloneException {
        try {
            data.discard();
        } catch (IOException e) {
            throw new StandaloneException("The data folder can't be left as it was (" + e + ").", e);
        }
    }

    private void rotateLogs() {
        try {
            GrownLogs.rotate(data.logs(), GrownLogs.LARGEST);
        } catch (IOException | UncheckedIOException e) {
            say.accept("The logs can't be rotated (" + e + ").");
        }
    }

    private static void requireFreePorts(Options options) throws StandaloneException {
        Map<String, Integer> ports = new TreeMap<>(Map.of(
                "--rest-port", options.restPort(),
                "--mqtt-port", options.mqttPort(),
                "--registry-port", options.registryPort()));
        if (options.otherKafka().isEmpty()) {
            ports.put("--kafka-port", options.kafkaPort());
        }
        Map<Integer, String> taken = new HashMap<>();
        for (Map.Entry<String, Integer> port : ports.entrySet()) {
            @Nullable String other = taken.put(port.getValue(), port.getKey());
            if (other != null) {
                throw new StandaloneException(other + " and " + port.getKey() + " are both " + port.getValue()
                        + ". Choose another for one of them.");
            }
            try (ServerSocket socket = new ServerSocket()) {
                socket.setReuseAddress(true);
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port.getValue()));
            } catch (IOException e) {
                throw new StandaloneException("Port " + port.getValue()
                        + " is in use by another program. End that program, or choose another port with "
                        + port.getKey() + ".");
            }
        }
    }

    private void startAll() throws StandaloneException, InterruptedException {
        if (options.otherKafka().isEmpty()) {
            startBroker();
        }
        startRegistry();
        awaitReady("broker", this::brokerAnswers);
        awaitReady("registry", () -> answers(URI.create(options.registry() + "/subjects")));
        prepareTopics();
        startPlannerAndProcessor();
        int proxiedPort = Ports.free();
        startService("gateway", Programs.GATEWAY, 512, gatewaySettings(0, options.mqttPort(), proxiedPort));
        startService("api", "io.muster.api.Main", 384, apiSettings(0, options.restPort(), proxiedPort));
        awaitReady(SERVICES);
        become(State.READY);
    }

    private void startPlannerAndProcessor() throws StandaloneException {
        startService(
                "planner",
                "io.muster.planner.Main",
                768,
                List.of("--state.dir=" + data.root().resolve("planner")));
        startService("processor", "io.muster.processor.Main", 384, processorSettings("processor"));
    }

    private void awaitReady(List<String> services) throws StandaloneException, InterruptedException {
        for (String service : services) {
            awaitReady(service, () -> answers(URI.create(operations(service) + "/health/ready")));
        }
    }

    private void startBroker() throws StandaloneException {
        Path properties = BrokerFiles.prepare(data.root(), options.kafkaPort());
        start(
                "broker",
                programs.java(
                        "broker",
                        768,
                        List.of("-cp", programs.classPath(), Broker.class.getName(), properties.toString())));
    }

    private void startRegistry() throws StandaloneException {
        start(
                "registry",
                programs.java(
                        "registry",
                        384,
                        List.of(
                                "-XX:TieredStopAtLevel=1",
                                "-Dquarkus.http.host=127.0.0.1",
                                "-Dquarkus.http.port=" + options.registryPort(),
                                "-Dapicurio.storage.kind=sql",
                                "-Dapicurio.storage.sql.kind=h2",
                                "-Dapicurio.datasource.url=jdbc:h2:file:"
                                        + data.root().resolve("registry").resolve("registry"),
                                // It can't be turned off at run time, and would listen on port 9000 of every address.
                                "-Dquarkus.management.host=127.0.0.1",
                                "-Dquarkus.management.port=" + Ports.free(),
                                "-jar",
                                options.home()
                                        .resolve("registry/quarkus-run.jar")
                                        .toString())));
    }

    private List<String> processorSettings(String name) {
        return withEndpoints(List.of(
                "--state.dir=" + data.root().resolve(name),
                "--stream.reference.dir=" + data.root().resolve("reference")));
    }

    /** Adds the endpoints that the options name; without any, the environment decides. */
    private List<String> withEndpoints(List<String> settings) {
        List<String> all = new ArrayList<>(settings);
        if (!options.allowedEndpoints().isBlank()) {
            all.add("--endpoints.allow=" + options.allowedEndpoints());
        }
        return all;
    }

    /** Says where a further gateway and a further API listen. */
    public record Endpoints(String rest, int mqttPort) {}

    /** Starts one more of each service, named {@code planner-2} and so on, and returns when they are ready. Once. */
    public Endpoints startSecondInstances() throws StandaloneException, InterruptedException {
        int mqttPort = Ports.free();
        int proxiedPort = Ports.free();
        int restPort = Ports.free();
        String planner = "planner" + SECOND;
        startService(
                planner,
                "io.muster.planner.Main",
                512,
                List.of("--state.dir=" + data.root().resolve(planner)));
        startService("processor" + SECOND, "io.muster.processor.Main", 512, processorSettings("processor" + SECOND));
        startService("gateway" + SECOND, Programs.GATEWAY, 512, gatewaySettings(1, mqttPort, proxiedPort));
        startService("api" + SECOND, "io.muster.api.Main", 384, apiSettings(1, restPort, proxiedPort));
        awaitReady(SERVICES.stream().map(service -> service + SECOND).toList());
        return new Endpoints("https://localhost:" + restPort, mqttPort);
    }

    /** Kills a process for good: it is not started again. */
    public void kill(String name) {
        child(name).orElseThrow().abandon();
        process(name).destroyForcibly();
    }

    private void prepareTopics() throws StandaloneException, InterruptedException {
        Preparation preparation = awaitDone("broker's topics", () -> new Preparation(options, say));
        if (preparation.lacksPartitions()) {
            if (!awaitDone("rest of the topics", preparation::isAllRead)) {
                // The state of the last run is read first.
                startPlannerAndProcessor();
                awaitReady(STATEFUL);
                awaitReady("rest of the topics", preparation::isAllRead);
                for (String service : STATEFUL.reversed()) {
                    Child child = child(service).orElseThrow();
                    children.remove(child);
                    child.end();
                }
            }
            try {
                preparation.grow();
            } catch (ExecutionException | KafkaException | SchemaRegistryException e) {
                throw new StandaloneException(
                        "The topics did not get all their partitions: " + reason(e)
                                + ". Start it again with the same options to go on.",
                        e);
            }
        }
        awaitReady("topics and schemas", () -> {
            preparation.provision();
            return true;
        });
    }

    private List<String> gatewaySettings(int ordinal, int port, int proxiedPort) {
        return List.of(
                "--gateway.ordinal=" + ordinal,
                "--hub.hosts=localhost,127.0.0.1,hub.test",
                "--policies.file=" + data.policies(),
                "--mqtt.host=127.0.0.1",
                "--mqtts.port=" + port,
                "--mqtt.proxied.port=" + proxiedPort,
                "--mqtt.tls.certificate=" + data.certificates().certificate(),
                "--mqtt.tls.key=" + data.certificates().key(),
                "--devices.ca.file=" + data.certificates().deviceAuthorities());
    }

    private List<String> apiSettings(int instance, int port, int gatewayPort) {
        return withEndpoints(List.of(
                "--api.instance=" + instance,
                "--hub.hosts=localhost,127.0.0.1,hub.test",
                "--policies.file=" + data.policies(),
                "--rest.host=127.0.0.1",
                "--rest.port=" + port,
                "--rest.tls.certificate=" + data.certificates().certificate(),
                "--rest.tls.key=" + data.certificates().key(),
                "--websocket.gateway=localhost:" + gatewayPort,
                "--websocket.gateway.trust=" + data.certificates().caFile()));
    }

    private void startService(String name, String main, int megabytes, List<String> settings)
            throws StandaloneException {
        int port = Ports.free();
        operations.put(name, port);
        List<String> all = new ArrayList<>(settings);
        all.add("--operations.port=" + port);
        start(name, programs.service(main, megabytes, all));
    }

    /** Starts simulated devices as a process of their own. */
    public void startAgents() throws StandaloneException {
        start(
                AGENTS,
                programs.java(
                        AGENTS,
                        512,
                        List.of(
                                "-cp",
                                programs.classPath(),
                                "io.muster.agent.Main",
                                "--host=localhost",
                                "--port=" + options.mqttPort(),
                                "--hub.host=localhost",
                                "--ca=" + data.certificates().caFile(),
                                "--policies=" + data.policies(),
                                "--devices=" + options.devices(),
                                "--answer.max.ms=200")));
    }

    /** Starts a compute node as a process of its own. @param settings of its program */
    void startNode(String name, List<String> settings) throws StandaloneException {
        List<String> arguments = new ArrayList<>(List.of(
                "-Xms8m", "-XX:TieredStopAtLevel=1", "-cp", programs.classPath(NODE_LIBRARIES), "io.muster.node.Main"));
        arguments.addAll(settings);
        start(name, programs.java("node", NODE_MEGABYTES, arguments));
    }

    /** Starts the compute nodes that the options say; where it can't, it says so, and everything else goes on. @param say takes a line of progress */
    public void startNodes(Consumer<String> say) throws InterruptedException {
        new ComputeNodes(this, say).start();
    }

    /** Returns whether a process of that name is a device's, or devices': the fleet's services are ready without it. */
    static boolean isOnDeviceSide(String name) {
        return name.equals(AGENTS) || ComputeNodes.isNode(name);
    }

    private void start(String name, List<String> command) throws StandaloneException {
        Child child = new Child(name, Programs.debugged(name, command), log(name), timer, line -> {
            say.accept(line);
            writeState();
        });
        children.add(child);
        try {
            child.start();
        } catch (IOException e) {
            throw new StandaloneException("The " + name + " can't be started (" + e + ").", e);
        }
        writeState();
    }

    private Optional<Child> child(String name) {
        return children.stream().filter(child -> child.name().equals(name)).findFirst();
    }

    private void awaitReady(String name, Callable<Boolean> ready) throws StandaloneException, InterruptedException {
        awaitDone(name, () -> {
            if (!ready.call()) {
                throw new IOException("it is not ready");
            }
            return true;
        });
        say.accept(String.format("%5.1f s  %s ready", sinceStart().toMillis() / 1000.0, name));
    }

    /**
     * Tries it until it is done: on a machine with much to do each part of a start may fail once.
     *
     * @throws StandaloneException at the limit, or when trying again won't help
     */
    private <T> T awaitDone(String name, Callable<T> attempt) throws StandaloneException, InterruptedException {
        long begun = System.nanoTime();
        Duration patience = PATIENCE;
        while (true) {
            Exception failure;
            try {
                return attempt.call();
            } catch (StandaloneException | InterruptedException e) {
                throw e;
            } catch (Exception e) {
                failure = e;
            }
            if (failure instanceof SchemaRegistryException registry && !registry.isAway()) {
                throw new StandaloneException("The " + name + " can't be prepared: " + reason(failure) + ".", failure);
            }
            for (Child child : children) {
                Optional<String> trouble = child.trouble();
                if (trouble.isPresent()) {
                    throw new StandaloneException(trouble.get());
                }
            }
            Duration waited = Duration.ofNanos(System.nanoTime() - begun);
            if (waited.compareTo(START_LIMIT) > 0) {
                throw new StandaloneException("The " + name + " is not ready after " + START_LIMIT.toSeconds()
                        + " seconds (" + reason(failure) + "): " + whereToRead(name) + ".");
            }
            if (waited.compareTo(patience) > 0) {
                say.accept(String.format(
                        "%5.1f s  still waiting for the %s (%s)",
                        sinceStart().toMillis() / 1000.0, name, reason(failure)));
                patience = patience.plus(PATIENCE);
            }
            Thread.sleep(POLL);
        }
    }

    private Duration sinceStart() {
        return Duration.ofNanos(System.nanoTime() - startedAt);
    }

    private String whereToRead(String name) {
        return child(name)
                .map(child -> "its log is " + log(name)
                        + child.lastLine()
                                .map(line -> ", which ends with: " + line)
                                .orElse(", which is empty"))
                .orElse("does one answer without TLS at " + options.kafka() + "? The logs are in " + data.logs());
    }

    /** Returns the message of the innermost cause that has one. */
    private static String reason(Throwable failure) {
        Throwable at =
                failure instanceof ExecutionException && failure.getCause() != null ? failure.getCause() : failure;
        String message = at.getMessage();
        return message == null || message.isBlank() ? at.getClass().getSimpleName() : message.replaceAll("\\.$", "");
    }

    private boolean brokerAnswers() throws InterruptedException {
        try (Admin admin = Admin.create(Map.of(
                "bootstrap.servers", options.kafka(), "default.api.timeout.ms", 2000, "request.timeout.ms", 2000))) {
            return !admin.describeCluster().nodes().get().isEmpty();
        } catch (ExecutionException | KafkaException e) {
            return false;
        }
    }

    private static boolean answers(URI uri) throws InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request =
                    HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(2)).build();
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns the address of a service's health and metrics. */
    public String operations(String service) {
        return "http://127.0.0.1:" + operations.get(service);
    }

    public Options options() {
        return options;
    }

    /** Returns the file of certificates, in PEM, of authorities that may sign devices': read again when it changes. */
    public Path deviceAuthorities() {
        return data.certificates().deviceAuthorities();
    }

    public Path caFile() {
        return data.certificates().caFile();
    }

    public SharedAccessPolicies policies() throws IOException {
        return SharedAccessPolicies.load(data.policies());
    }

    /** Returns the log of the process of that name. */
    public Path log(String name) {
        return data.logs().resolve(name + ".log");
    }

    /** Returns the process of that name as it runs now. */
    public ProcessHandle process(String name) {
        return child(name)
                .flatMap(Child::handle)
                .orElseThrow(() -> new IllegalStateException("no such process runs, name=" + name));
    }

    private synchronized void become(String next) {
        state = next;
        writeState();
    }

    private synchronized void writeState() {
        ObjectNode status = new ObjectMapper().createObjectNode();
        boolean lacksOne = children.stream()
                .anyMatch(
                        child -> !isOnDeviceSide(child.name()) && child.handle().isEmpty());
        status.put("state", state.equals(State.READY) && lacksOne ? State.STARTING : state)
                .put("rest", options.rest())
                .put("mqtts", "localhost:" + options.mqttPort())
                .put("kafka", options.kafka())
                .put("registry", options.registry())
                .put("caFile", data.certificates().caFile().toString());
        List<State.Entry> entries = new ArrayList<>();
        entries.add(entry("muster", ProcessHandle.current()));
        children.forEach(child -> child.handle().ifPresent(handle -> entries.add(entry(child.name(), handle))));
        try {
            State.write(options.data(), status, entries);
        } catch (IOException e) {
            say.accept("The file state.json can't be written (" + e + ").");
        }
    }

    private State.Entry entry(String name, ProcessHandle handle) {
        String address = operations.containsKey(name) ? operations(name) : name.equals("api") ? options.rest() : "";
        return new State.Entry(name, handle.pid(), handle.info().startInstant().orElse(Instant.EPOCH), address);
    }

    /** Ends processes that an earlier run left behind when it was killed itself. */
    static void endLeftovers(Path data, Consumer<String> say) {
        for (State.Entry entry : State.processes(State.read(data)).reversed()) {
            if (!entry.name().equals("muster")) {
                entry.alive().ifPresent(handle -> {
                    say.accept("Ending the " + entry.name() + " that an earlier run left behind.");
                    Child.end(handle, Child.END_LIMIT);
                });
            }
        }
    }

    /** Ends everything: each process before those that it depends on. */
    @Override
    public void close() {
        become("stopping");
        children.forEach(Child::abandon);
        // They depend on nobody but the hub, and end together.
        children.stream()
                .filter(child -> ComputeNodes.isNode(child.name()))
                .flatMap(child -> child.handle().stream())
                .forEach(ProcessHandle::destroy);
        for (Child child : List.copyOf(children).reversed()) {
            child.end();
        }
        timer.shutdownNow();
        become("stopped");
        try {
            data.close();
        } catch (IOException e) {
            say.accept("The lock of the data folder can't be released (" + e + ").");
        }
    }
}
