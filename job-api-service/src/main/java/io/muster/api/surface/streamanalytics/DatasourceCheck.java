package io.muster.api.surface.streamanalytics;

import io.muster.api.job.Requests;
import io.muster.records.FleetTelemetry;
import io.muster.records.ReferenceFiles;
import io.muster.records.StreamEndpoint;
import io.muster.records.StreamFunction;
import io.muster.records.StreamInput;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamOutput;
import io.muster.records.StreamTopic;
import io.muster.service.endpoint.EndpointClient;
import io.muster.topics.Topics;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Checks whether a job may use the topics and endpoints that its inputs and outputs name, and whether they are there. ADR 0020. */
final class DatasourceCheck implements AutoCloseable {
    private static final String NOT_REACHED = "EndpointNotReached";
    private static final String NOT_TESTABLE = "NotTestable";
    private static final Duration ENDPOINT_LIMIT = Duration.ofSeconds(5);

    private final Requests requests;
    private final StreamJobReach reach;
    private final EndpointClient endpoints;

    DatasourceCheck(Requests requests, StreamJobReach reach) {
        this.requests = requests;
        this.reach = reach;
        this.endpoints = new EndpointClient(reach.endpoints(), ENDPOINT_LIMIT);
    }

    @Override
    public void close() {
        endpoints.close();
    }

    /** Returns why the job may not use what its inputs and outputs name: each with the child's name before it. */
    List<Condition> refusals(StreamJobDefinition definition) {
        return Stream.concat(
                        definition.getInputs().stream()
                                .map(input -> refusal(input).map(refused -> of(input.getName(), refused))),
                        definition.getOutputs().stream()
                                .map(output -> refusal(output).map(refused -> of(output.getName(), refused))))
                .flatMap(Optional::stream)
                .toList();
    }

    private static Condition of(String child, Condition refused) {
        return new Condition(refused.code(), child + ": " + refused.message());
    }

    /** Returns why the job may not use what the child names; empty where it may, or where it names nothing yet. */
    Optional<Condition> refusal(StreamJobDefinition definition, ChildKind kind, String name) {
        return switch (kind) {
            case INPUTS ->
                named(definition.getInputs(), StreamInput::getName, name).flatMap(this::refusal);
            case OUTPUTS ->
                named(definition.getOutputs(), StreamOutput::getName, name).flatMap(this::refusal);
            case FUNCTIONS, TRANSFORMATIONS -> Optional.empty();
        };
    }

    private static <T> Optional<T> named(List<T> all, Function<T, String> named, String name) {
        return all.stream()
                .filter(one -> named.apply(one).equalsIgnoreCase(name))
                .findFirst();
    }

    private Optional<Condition> refusal(StreamInput input) {
        return topic(input.getSource())
                .flatMap(topic -> reach.topics().refusesRead(topic))
                .map(DatasourceCheck::notAllowed);
    }

    private Optional<Condition> refusal(StreamOutput output) {
        return output.getTarget() instanceof StreamEndpoint endpoint
                ? refusal(endpoint.getAddress()).map(why -> notReached(endpoint.getAddress(), why))
                : topic(output.getTarget())
                        .flatMap(topic -> reach.topics().refusesWrite(topic))
                        .map(DatasourceCheck::notAllowed);
    }

    private static Condition notAllowed(String why) {
        return new Condition("TopicNotAllowed", why);
    }

    private static Optional<String> topic(@Nullable Object datasource) {
        return switch (datasource) {
            case StreamTopic topic -> Optional.of(topic.getName());
            case FleetTelemetry _ -> Optional.of(Topics.TELEMETRY.name());
            case null, default -> Optional.empty();
        };
    }

    private Optional<String> refusal(String address) {
        try {
            return reach.endpoints().refuses(URI.create(address));
        } catch (IllegalArgumentException _) {
            return Optional.of("it is no address");
        }
    }

    private static Condition notReached(String address, String why) {
        return new Condition(NOT_REACHED, "'" + address + "' is not reached: " + why + ": correct functionAppName.");
    }

    /**
     * Tests what a child names: whether its topic is there, its endpoint answers something, its function can be read.
     *
     * @return what is wrong; empty where nothing is
     */
    CompletableFuture<Optional<Condition>> test(StreamJobDefinition definition, ChildKind kind, String name) {
        Optional<Condition> refusal = refusal(definition, kind, name);
        return refusal.isPresent()
                ? CompletableFuture.completedFuture(refusal)
                : switch (kind) {
                    case INPUTS ->
                        named(definition.getInputs(), StreamInput::getName, name)
                                .map(input -> test(input.getSource(), input.getFault()))
                                .orElseGet(DatasourceCheck::nothing);
                    case OUTPUTS ->
                        named(definition.getOutputs(), StreamOutput::getName, name)
                                .map(output -> test(output.getTarget(), output.getFault()))
                                .orElseGet(DatasourceCheck::nothing);
                    case FUNCTIONS ->
                        CompletableFuture.completedFuture(
                                named(definition.getFunctions(), StreamFunction::getName, name)
                                        .flatMap(QueryCheck::fault)
                                        .map(fault -> new Condition("FunctionNotRead", fault)));
                    case TRANSFORMATIONS ->
                        notTestable("A transformation has no test: its diagnostics say whether it can be run.");
                };
    }

    private static CompletableFuture<Optional<Condition>> nothing() {
        return notTestable("There is nothing to test.");
    }

    private static CompletableFuture<Optional<Condition>> notTestable(String why) {
        return CompletableFuture.completedFuture(Optional.of(new Condition(NOT_TESTABLE, why)));
    }

    private CompletableFuture<Optional<Condition>> test(@Nullable Object datasource, @Nullable String fault) {
        return switch (datasource) {
            case StreamEndpoint endpoint -> testEndpoint(endpoint.getAddress());
            case ReferenceFiles _ ->
                notTestable("A file of reference data is read by the stream processor, when the job starts.");
            case StreamTopic topic -> testTopic(topic.getName());
            case FleetTelemetry _ -> testTopic(Topics.TELEMETRY.name());
            case null, default -> notTestable(fault == null ? "The datasource is not known." : fault);
        };
    }

    private CompletableFuture<Optional<Condition>> testTopic(String topic) {
        return requests.hasTopic(topic)
                .thenApply(has -> has
                        ? Optional.empty()
                        : Optional.of(new Condition(
                                "TopicNotFound",
                                "There is no topic '" + topic + "': create it, or name another as eventHubName.")));
    }

    /** Tests whether the endpoint answers something, whatever that is: it may do with rows as it likes. */
    private CompletableFuture<Optional<Condition>> testEndpoint(String address) {
        CompletableFuture<Optional<Condition>> answer = new CompletableFuture<>();
        Thread.startVirtualThread(() -> answer.complete(
                endpoints.call("HEAD", URI.create(address), Map.of(), null)
                                instanceof EndpointClient.Outcome.NotReached(String why)
                        ? Optional.of(notReached(address, why))
                        : Optional.empty()));
        return answer;
    }
}
