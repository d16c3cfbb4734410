package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Put;
import io.micronaut.http.annotation.QueryValue;
import io.muster.api.credential.FreshKeys;
import io.muster.api.http.Answers;
import io.muster.api.http.Callers;
import io.muster.api.http.Workers;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.IdentityId;
import io.muster.records.CreateDevice;
import io.muster.records.DeleteDevice;
import io.muster.records.DeviceDeleted;
import io.muster.records.DevicePage;
import io.muster.records.DeviceSettings;
import io.muster.records.DeviceView;
import io.muster.records.GetDevice;
import io.muster.records.ListModules;
import io.muster.records.UpdateDevice;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Serves device identities. Contract: iot-hub, 1.2. */
@Controller
@Consumes(MediaType.ALL)
final class RegistryController {
    private static final int MOST = 1000;

    private final Requests requests;
    private final Workers workers;
    private final FreshKeys keys = new FreshKeys();

    RegistryController(Requests requests, Workers workers) {
        this.requests = requests;
        this.workers = workers;
    }

    @Put("/devices/{id}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.read(() -> put(request, Devices.id(id, null), body));
    }

    @Put("/devices/{id}/modules/{module}")
    CompletionStage<HttpResponse<String>> put(
            HttpRequest<?> request, @PathVariable String id, @PathVariable String module, @Body byte[] body) {
        return workers.read(() -> put(request, Devices.id(id, module), body));
    }

    private CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, IdentityId id, byte[] body) {
        DeviceSettings settings = Devices.settings(id, JsonBody.parse(body));
        Optional<String> condition = Devices.condition(request.getHeaders().get("If-Match"));
        Object command = condition.isPresent()
                ? new UpdateDevice(condition.get(), settings)
                : new CreateDevice(keys.addedTo(settings), null, null);
        return Parents.check(requests, settings)
                .thenCompose(_ -> requests.device(id.text(), command, DeviceView.class))
                .thenApply(view -> Answers.ok(identity(request, view)));
    }

    @Get("/devices/{id}")
    CompletionStage<HttpResponse<String>> get(HttpRequest<?> request, @PathVariable String id) {
        return requests.device(Devices.id(id, null).text(), new GetDevice(), DeviceView.class)
                .thenApply(view -> Answers.ok(identity(request, view)));
    }

    @Get("/devices/{id}/modules/{module}")
    CompletionStage<HttpResponse<String>> get(
            HttpRequest<?> request, @PathVariable String id, @PathVariable String module) {
        return requests.device(Devices.id(id, module).text(), new GetDevice(), DeviceView.class)
                .thenApply(view -> Answers.ok(identity(request, view)));
    }

    @Get("/devices/{id}/modules")
    CompletionStage<HttpResponse<String>> modules(HttpRequest<?> request, @PathVariable String id) {
        return requests.device(Devices.id(id, null).text(), new ListModules(), DevicePage.class)
                .thenApply(page -> {
                    ArrayNode body = JsonNodeFactory.instance.arrayNode();
                    page.getDevices().forEach(view -> body.add(identity(request, view)));
                    return Answers.ok(body);
                });
    }

    @Delete("/devices/{id}")
    CompletionStage<HttpResponse<String>> delete(HttpRequest<?> request, @PathVariable String id) {
        return delete(request, Devices.id(id, null));
    }

    @Delete("/devices/{id}/modules/{module}")
    CompletionStage<HttpResponse<String>> delete(
            HttpRequest<?> request, @PathVariable String id, @PathVariable String module) {
        return delete(request, Devices.id(id, module));
    }

    private CompletionStage<HttpResponse<String>> delete(HttpRequest<?> request, IdentityId id) {
        @Nullable
        String condition =
                Devices.condition(request.getHeaders().get("If-Match")).orElse(null);
        return requests.device(id.text(), new DeleteDevice(condition), DeviceDeleted.class)
                .thenApply(_ -> Answers.noContent());
    }

    @Get("/devices")
    CompletionStage<HttpResponse<String>> list(HttpRequest<?> request, @QueryValue @Nullable Integer top) {
        int limit = top == null ? MOST : top;
        if (limit < 1 || limit > MOST) {
            throw new ProblemException(Problem.argumentInvalid("top is 1 to " + MOST + "."));
        }
        return page(null, limit, Callers.of(request).seesKeys(), JsonNodeFactory.instance.arrayNode());
    }

    /** Merges pages of partitions, which are bounded in bytes: rows behind the shortest page are asked for again. */
    private CompletableFuture<HttpResponse<String>> page(
            @Nullable String after, int limit, boolean withKeys, ArrayNode found) {
        return requests.devices(after, limit - found.size()).thenCompose(pages -> {
            Optional<String> horizon = pages.stream()
                    .filter(DevicePage::getMore)
                    .map(page -> idOf(page.getDevices().getLast()))
                    .min(Comparator.naturalOrder());
            List<DeviceView> inOrder = pages.stream()
                    .flatMap(page -> page.getDevices().stream())
                    .filter(view -> horizon.isEmpty() || idOf(view).compareTo(horizon.get()) <= 0)
                    .sorted(Comparator.comparing(RegistryController::idOf))
                    .limit(limit - found.size())
                    .toList();
            inOrder.forEach(view -> found.add(Devices.identity(view, withKeys)));
            return horizon.isEmpty() || found.size() >= limit
                    ? CompletableFuture.completedFuture(Answers.ok(found))
                    : page(horizon.get(), limit, withKeys, found);
        });
    }

    private static String idOf(DeviceView view) {
        return view.getDevice().getDeviceId();
    }

    private static ObjectNode identity(HttpRequest<?> request, DeviceView view) {
        return Devices.identity(view, Callers.of(request).seesKeys());
    }
}
