package io.muster.api.surface.iothub;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Patch;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import io.muster.api.access.Caller;
import io.muster.api.http.Answers;
import io.muster.api.http.Callers;
import io.muster.api.http.Workers;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.Etags;
import io.muster.document.IdentityId;
import io.muster.records.DeviceMethod;
import io.muster.records.DeviceView;
import io.muster.records.GetDevice;
import io.muster.records.InvokeMethod;
import io.muster.records.MethodResult;
import io.muster.records.PatchTwin;
import io.muster.records.ReplaceTwin;
import io.muster.records.Twin;
import io.muster.records.TwinPatch;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** Serves twins and direct methods of devices and modules. Contract: iot-hub, 1.5, 1.6 and 1.9. */
@Controller
@Consumes(MediaType.ALL)
final class TwinController {
    private static final Duration SLACK = Duration.ofSeconds(10);

    private final Requests requests;
    private final Workers workers;

    TwinController(Requests requests, Workers workers) {
        this.requests = requests;
        this.workers = workers;
    }

    @Get("/twins/{id}")
    CompletionStage<HttpResponse<String>> get(@PathVariable String id) {
        return twin(Devices.id(id, null), new GetDevice());
    }

    @Get("/twins/{id}/modules/{module}")
    CompletionStage<HttpResponse<String>> get(@PathVariable String id, @PathVariable String module) {
        return twin(Devices.id(id, module), new GetDevice());
    }

    @Patch("/twins/{id}")
    CompletionStage<HttpResponse<String>> patch(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.read(() -> change(request, Devices.id(id, null), body, false));
    }

    @Patch("/twins/{id}/modules/{module}")
    CompletionStage<HttpResponse<String>> patch(
            HttpRequest<?> request, @PathVariable String id, @PathVariable String module, @Body byte[] body) {
        return workers.read(() -> change(request, Devices.id(id, module), body, false));
    }

    /** Takes a PATCH as the Java client sends it. */
    @Post("/twins/{id}")
    CompletionStage<HttpResponse<String>> post(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        rejectOther(request);
        return patch(request, id, body);
    }

    @Post("/twins/{id}/modules/{module}")
    CompletionStage<HttpResponse<String>> post(
            HttpRequest<?> request, @PathVariable String id, @PathVariable String module, @Body byte[] body) {
        rejectOther(request);
        return patch(request, id, module, body);
    }

    @Put("/twins/{id}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.read(() -> change(request, Devices.id(id, null), body, true));
    }

    @Put("/twins/{id}/modules/{module}")
    CompletionStage<HttpResponse<String>> put(
            HttpRequest<?> request, @PathVariable String id, @PathVariable String module, @Body byte[] body) {
        return workers.read(() -> change(request, Devices.id(id, module), body, true));
    }

    @Post("/twins/{id}/methods")
    CompletionStage<HttpResponse<String>> invoke(@PathVariable String id, @Body byte[] body) {
        return workers.read(() -> invoke(Devices.id(id, null), body));
    }

    @Post("/twins/{id}/modules/{module}/methods")
    CompletionStage<HttpResponse<String>> invoke(
            @PathVariable String id, @PathVariable String module, @Body byte[] body) {
        return workers.read(() -> invoke(Devices.id(id, module), body));
    }

    private CompletionStage<HttpResponse<String>> invoke(IdentityId id, byte[] body) {
        DeviceMethod method = Devices.method(JsonBody.parse(body));
        // Where one is negative the planner says so.
        Duration limit = Duration.ofSeconds((long) Math.max(0, method.getConnectTimeoutSeconds())
                        + Math.max(0, method.getResponseTimeoutSeconds()))
                .plus(SLACK);
        return requests.device(id.text(), new InvokeMethod(method), MethodResult.class, limit)
                .thenApply(result -> Answers.ok(Devices.result(result)));
    }

    private CompletionStage<HttpResponse<String>> change(
            HttpRequest<?> request, IdentityId id, byte[] body, boolean replaces) {
        Caller caller = Callers.of(request);
        TwinPatch change = sections(request, body);
        if (!ComputeTags.isToCompare(caller, change, replaces)) {
            ComputeTags.check(caller, change);
            return twin(id, command(change, replaces));
        }
        return requests.device(id.text(), new GetDevice(), DeviceView.class).thenCompose(view -> {
            Twin twin = view.getDevice().getTwin();
            return twin(id, command(ComputeTags.compared(caller, change, twin.getTags(), Etags.of(twin)), replaces));
        });
    }

    private static Object command(TwinPatch change, boolean replaces) {
        return replaces ? new ReplaceTwin(change) : new PatchTwin(change);
    }

    private CompletionStage<HttpResponse<String>> twin(IdentityId id, Object command) {
        return requests.device(id.text(), command, DeviceView.class).thenApply(TwinController::twin);
    }

    private static void rejectOther(HttpRequest<?> request) {
        if (!"PATCH".equalsIgnoreCase(request.getHeaders().get("X-HTTP-Method-Override"))) {
            throw new ProblemException(
                    Problem.argumentInvalid("POST to a twin is a PATCH: say X-HTTP-Method-Override: PATCH."));
        }
    }

    private static TwinPatch sections(HttpRequest<?> request, byte[] body) {
        return Devices.change(
                JsonBody.parse(body),
                Devices.condition(request.getHeaders().get("If-Match")).orElse(null));
    }

    private static HttpResponse<String> twin(DeviceView view) {
        return Answers.ok(Devices.twin(view))
                .header("ETag", "\"" + Etags.of(view.getDevice().getTwin()) + "\"");
    }
}
