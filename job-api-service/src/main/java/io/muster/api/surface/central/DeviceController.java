package io.muster.api.surface.central;

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
import io.micronaut.http.annotation.Patch;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Put;
import io.muster.api.credential.FreshKeys;
import io.muster.api.http.Answers;
import io.muster.api.http.Workers;
import io.muster.api.job.CatalogView;
import io.muster.api.job.Causes;
import io.muster.api.job.Refusal;
import io.muster.api.job.RefusedException;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.MergePatch;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.Etags;
import io.muster.document.IdentityId;
import io.muster.records.AuthenticationType;
import io.muster.records.CreateDevice;
import io.muster.records.Credentials;
import io.muster.records.DeleteDevice;
import io.muster.records.Device;
import io.muster.records.DeviceDeleted;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.DeviceSettings;
import io.muster.records.DeviceStatus;
import io.muster.records.DeviceView;
import io.muster.records.GetDevice;
import io.muster.records.PatchTwin;
import io.muster.records.TwinPatch;
import io.muster.records.UpdateDevice;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Serves devices: those of IoT Hub's surface, with a display name, a template and an organization. Contract: addresses, "Rulings". */
@Controller(Central.MOUNT)
@Consumes(MediaType.ALL)
final class DeviceController {
    /** Bounds how often a change is made again that another one came before. */
    private static final int TRIES = 5;

    private final Requests requests;
    private final CatalogView catalog;
    private final FleetDevices devices;
    private final Workers workers;
    private final FreshKeys keys = new FreshKeys();

    DeviceController(Requests requests, CatalogView catalog, Workers workers) {
        this.requests = requests;
        this.catalog = catalog;
        this.devices = new FleetDevices(requests);
        this.workers = workers;
    }

    @Get("/api/devices")
    CompletionStage<HttpResponse<String>> list(HttpRequest<?> request) {
        CentralRequest asked = new CentralRequest(request);
        // A device whose id is any.
        String all = asked.scope().within("is_defined(deviceId)");
        return devices.page(all, asked.after(), asked.limit())
                .thenApply(page -> asked.page(
                        page.rows().stream().map(DeviceDocuments::document).toList(), page.next()));
    }

    @Get("/api/devices/{id}")
    CompletionStage<HttpResponse<String>> get(HttpRequest<?> request, @PathVariable String id) {
        return known(request, id).thenApply(view -> Answers.ok(DeviceDocuments.document(view)));
    }

    @Get("/api/devices/{id}/credentials")
    CompletionStage<HttpResponse<String>> credentials(HttpRequest<?> request, @PathVariable String id) {
        return known(request, id).thenApply(view -> {
            Credentials credentials = view.getDevice().getSettings().getCredentials();
            ObjectNode body = JsonNodeFactory.instance.objectNode().put("idScope", new CentralRequest(request).host());
            if (credentials.getType() == AuthenticationType.SAS) {
                body.putObject("symmetricKey")
                        .put("primaryKey", credentials.getPrimaryKey())
                        .put("secondaryKey", credentials.getSecondaryKey());
            } else {
                ObjectNode certificates = body.putObject("x509").putObject("clientCertificates");
                thumbprint(certificates, "primary", credentials.getPrimaryThumbprint());
                thumbprint(certificates, "secondary", credentials.getSecondaryThumbprint());
            }
            return Answers.ok(body);
        });
    }

    private static void thumbprint(ObjectNode certificates, String name, @Nullable String thumbprint) {
        if (thumbprint != null) {
            certificates.putObject(name).putObject("info").put("sha1Thumbprint", thumbprint);
        }
    }

    /** Returns a device that the caller sees; (404) where there is none. */
    private CompletableFuture<DeviceView> known(HttpRequest<?> request, String id) {
        return requests.device(deviceId(id), new GetDevice(), DeviceView.class).thenApply(view -> {
            if (!new CentralRequest(request).scope().sees(DeviceDocuments.organization(view.getDevice()))) {
                throw new ProblemException(Problem.notFound("There is no device '" + id + "'."));
            }
            return view;
        });
    }

    private static String deviceId(String id) {
        if (IdentityId.isModule(id)) {
            throw new ProblemException(Problem.argumentInvalid("Leave slashes out of the id of a device."));
        }
        return id;
    }

    /** Makes a device with keys of its own, or changes the one that is there. */
    @Put("/api/devices/{id}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.read(() -> {
            ObjectNode document = JsonBody.object(body);
            return changed(request, id, _ -> document, TRIES)
                    .exceptionallyCompose(error -> isRefused(error, DeviceRefusalReason.NOT_FOUND)
                            ? make(request, id, document)
                            : CompletableFuture.failedFuture(error))
                    .thenApply(view -> Answers.ok(DeviceDocuments.document(view)));
        });
    }

    private static boolean isRefused(Throwable error, DeviceRefusalReason reason) {
        Throwable cause = Causes.of(error);
        return cause instanceof RefusedException refused
                && refused.refusal() instanceof Refusal.OfDevice of
                && of.reason() == reason;
    }

    private CompletableFuture<DeviceView> make(HttpRequest<?> request, String id, ObjectNode document) {
        DeviceDocuments.Change change = read(request, document, null);
        if (new CentralRequest(request).ifMatch() != null) {
            throw new ProblemException(Refusals.outdated("There is no device '" + id + "' to change."));
        }
        DeviceSettings settings = keys.addedTo(DeviceSettings.newBuilder()
                .setCredentials(Credentials.newBuilder().build())
                .setStatus(change.status())
                .build());
        ObjectNode tags = MergePatch.merged(JsonNodeFactory.instance.objectNode(), change.tags());
        return requests.device(id, new CreateDevice(settings, tags.toString(), null), DeviceView.class);
    }

    private DeviceDocuments.Change read(HttpRequest<?> request, ObjectNode document, @Nullable String before) {
        DeviceDocuments.Change change = DeviceDocuments.read(new CentralRequest(request).scope(), document, before);
        Optional.ofNullable(
                        change.tags().path(DeviceDocuments.TAG).path("template").textValue())
                .filter(template ->
                        catalog.get(TemplateController.LIST + template).isEmpty())
                .ifPresent(template -> {
                    throw new ProblemException(
                            Problem.argumentInvalid("There is no device template " + template + ": make it first."));
                });
        return change;
    }

    /**
     * Changes the version that was read, for which the caller was checked; where it changed meanwhile and the caller asks for none, the one that is there then.
     *
     * @param document the whole document that a device gets
     */
    private CompletableFuture<DeviceView> changed(
            HttpRequest<?> request, String id, Function<DeviceView, ObjectNode> document, int tries) {
        return known(request, id)
                .thenCompose(view -> {
                    new CentralRequest(request)
                            .checkVersion(Etags.of(view.getDevice().getTwin()));
                    return change(request, view, document.apply(view));
                })
                .exceptionallyCompose(error -> tries > 1 && isRefused(error, DeviceRefusalReason.PRECONDITION_FAILED)
                        ? changed(request, id, document, tries - 1)
                        : CompletableFuture.failedFuture(error));
    }

    /** Changes the tags, and the status where it is another. */
    private CompletableFuture<DeviceView> change(HttpRequest<?> request, DeviceView view, ObjectNode document) {
        Device device = view.getDevice();
        DeviceDocuments.Change change = read(request, document, DeviceDocuments.organization(device));
        TwinPatch patch =
                new TwinPatch(Etags.of(device.getTwin()), change.tags().toString(), null);
        return requests.device(device.getDeviceId(), new PatchTwin(patch), DeviceView.class)
                .thenCompose(changed -> withStatus(changed, change.status(), TRIES));
    }

    /** Sets the status, and leaves keys as they are then. */
    private CompletableFuture<DeviceView> withStatus(DeviceView view, DeviceStatus status, int tries) {
        Device device = view.getDevice();
        if (device.getSettings().getStatus() == status) {
            return CompletableFuture.completedFuture(view);
        }
        DeviceSettings settings = DeviceSettings.newBuilder(device.getSettings())
                .setStatus(status)
                .build();
        return requests.device(device.getDeviceId(), new UpdateDevice(Etags.of(device), settings), DeviceView.class)
                .exceptionallyCompose(error -> tries > 1 && isRefused(error, DeviceRefusalReason.PRECONDITION_FAILED)
                        ? requests.device(device.getDeviceId(), new GetDevice(), DeviceView.class)
                                .thenCompose(now -> withStatus(now, status, tries - 1))
                        : CompletableFuture.failedFuture(error));
    }

    @Patch("/api/devices/{id}")
    CompletionStage<HttpResponse<String>> patch(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.read(() -> {
            ObjectNode change = Scope.cleared(JsonBody.object(body));
            return changed(request, id, view -> MergePatch.merged(DeviceDocuments.document(view), change), TRIES)
                    .thenApply(view -> Answers.ok(DeviceDocuments.document(view)));
        });
    }

    @Delete("/api/devices/{id}")
    CompletionStage<HttpResponse<String>> delete(HttpRequest<?> request, @PathVariable String id) {
        return known(request, id)
                .thenCompose(view -> {
                    Device device = view.getDevice();
                    new CentralRequest(request).checkVersion(Etags.of(device.getTwin()));
                    return requests.device(id, new DeleteDevice(Etags.of(device)), DeviceDeleted.class);
                })
                .thenApply(_ -> Answers.noContent());
    }
}
