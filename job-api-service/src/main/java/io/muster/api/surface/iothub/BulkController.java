package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Post;
import io.muster.api.credential.FreshKeys;
import io.muster.api.http.Answers;
import io.muster.api.http.Workers;
import io.muster.api.job.Causes;
import io.muster.api.job.RefusedException;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.CreateDevice;
import io.muster.records.UpdateDevice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Changes many devices at once: each that is valid, and names those that are not. Contract: iot-hub, 1.3. */
@Controller
@Consumes(MediaType.ALL)
final class BulkController {
    private static final Logger LOG = LoggerFactory.getLogger(BulkController.class);
    private static final int MOST = 100;

    private final Requests requests;
    private final Workers workers;
    private final FreshKeys keys = new FreshKeys();

    BulkController(Requests requests, Workers workers) {
        this.requests = requests;
        this.workers = workers;
    }

    /** Describes an entry that was not carried out, or only in part. */
    private record Fault(String deviceId, Problem problem) {}

    @Post("/devices")
    CompletionStage<HttpResponse<String>> bulk(@Body byte[] body) {
        return workers.read(() -> carryOut(body));
    }

    private CompletionStage<HttpResponse<String>> carryOut(byte[] body) {
        List<JsonBody> entries = JsonBody.parseArray(body);
        if (entries.isEmpty()) {
            throw new ProblemException(Problem.argumentInvalid("Give 1 to " + MOST + " devices."));
        }
        if (entries.size() > MOST) {
            throw new ProblemException(new Problem(
                    413, "TooManyDevices", "Give at most " + MOST + " devices, not " + entries.size() + "."));
        }
        List<String> deviceIds = entries.stream().map(BulkEntry::idOf).toList();
        List<CompletableFuture<Optional<Fault>>> outcomes = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            String deviceId = deviceIds.get(i);
            outcomes.add(
                    Collections.frequency(deviceIds, deviceId) > 1
                            ? CompletableFuture.completedFuture(
                                    Optional.of(new Fault(deviceId, definedTwice(deviceId))))
                            : carryOut(deviceId, entries.get(i)));
        }
        return CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new))
                .thenApply(_ -> answer(outcomes.stream()
                        .map(CompletableFuture::join)
                        .flatMap(Optional::stream)
                        .toList()));
    }

    private CompletableFuture<Optional<Fault>> carryOut(String deviceId, JsonBody entry) {
        try {
            CompletableFuture<Optional<Fault>> done = CompletableFuture.completedFuture(Optional.empty());
            for (BulkEntry.Change<?> change : BulkEntry.of(entry, keys::addedTo).changes()) {
                done = done.thenCompose(fault -> fault.isPresent()
                        ? CompletableFuture.completedFuture(fault)
                        : parents(change.command())
                                .thenCompose(_ -> requests.device(deviceId, change.command(), change.outcome()))
                                .handle((_, error) -> fault(deviceId, error)));
            }
            return done;
        } catch (ProblemException e) {
            return CompletableFuture.completedFuture(Optional.of(new Fault(deviceId, e.problem())));
        }
    }

    private CompletableFuture<Void> parents(Object command) {
        return switch (command) {
            case CreateDevice create -> Parents.check(requests, create.getSettings());
            case UpdateDevice update -> Parents.check(requests, update.getSettings());
            default -> CompletableFuture.completedFuture(null);
        };
    }

    private static Problem definedTwice(String deviceId) {
        return new Problem(400, "DeviceDefinedMultipleTimes", deviceId + " stands in the list more than once.");
    }

    private static Optional<Fault> fault(String deviceId, @Nullable Throwable error) {
        if (error == null) {
            return Optional.empty();
        }
        Throwable cause = Causes.of(error);
        return Optional.of(new Fault(
                deviceId,
                switch (cause) {
                    case RefusedException refused -> HubErrors.of(refused.refusal());
                    case ProblemException known -> known.problem();
                    default -> {
                        LOG.error("A device of a bulk request failed", cause);
                        yield Problem.serverError();
                    }
                }));
    }

    private static HttpResponse<String> answer(List<Fault> faults) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("isSuccessful", faults.isEmpty());
        ArrayNode errors = body.putArray("errors");
        for (Fault fault : faults) {
            errors.addObject()
                    .put("deviceId", fault.deviceId())
                    .put("errorCode", HubErrors.named(fault.problem()).name())
                    .put("errorStatus", fault.problem().message());
        }
        body.putArray("warnings");
        return Answers.ok(body).status(faults.isEmpty() ? HttpStatus.OK : HttpStatus.BAD_REQUEST);
    }
}
