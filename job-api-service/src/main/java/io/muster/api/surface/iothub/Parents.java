package io.muster.api.surface.iothub;

import io.muster.api.job.Causes;
import io.muster.api.job.RefusedException;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.EdgeScope;
import io.muster.document.IdentityId;
import io.muster.records.DeviceSettings;
import io.muster.records.DeviceView;
import io.muster.records.GetDevice;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Reads and checks through which edge devices devices connect. Contract: iot-hub, 8. */
final class Parents {
    private Parents() {}

    /**
     * Returns the scope of the parent in a device's body; null for none. A leaf names it as its own scope or as its parent's, an edge device has a scope of its own.
     *
     * @throws ProblemException when the body contradicts itself, or has a scope that is none
     */
    static @Nullable String scope(IdentityId id, JsonBody body, boolean isEdge) {
        Optional<String> scope = body.text("deviceScope").filter(text -> !text.isBlank());
        List<String> parents = body.texts("parentScopes").stream()
                .filter(text -> !text.isBlank())
                .distinct()
                .toList();
        if (id.moduleId() != null) {
            return null;
        }
        if (parents.size() > 1) {
            throw invalid("A device has one parent at most: give one scope in parentScopes.");
        }
        Optional<String> parent = parents.stream().findFirst();
        if (isEdge) {
            scope.filter(given ->
                            !id.deviceId().equals(EdgeScope.deviceId(given).orElse(null)))
                    .ifPresent(_ -> {
                        throw invalid(
                                "The deviceScope of an edge device is its own: leave it out, and give its parent's in parentScopes.");
                    });
        } else if (scope.isPresent() && parent.isPresent() && !scope.equals(parent)) {
            throw invalid(
                    "deviceScope and parentScopes of a device that is no edge device are the same: give one of them.");
        } else {
            parent = parent.or(() -> scope);
        }
        parent.ifPresent(given -> {
            if (EdgeScope.deviceId(given)
                    .filter(parentId -> !parentId.equals(id.deviceId()))
                    .isEmpty()) {
                throw unknown(given);
            }
        });
        return parent.orElse(null);
    }

    /** Returns once a device's parent is known to be an edge device; ends with a {@link ProblemException} where it is none. */
    static CompletableFuture<Void> check(Requests requests, DeviceSettings settings) {
        @Nullable String scope = settings.getParentScope();
        if (scope == null) {
            return CompletableFuture.completedFuture(null);
        }
        return requests.device(EdgeScope.deviceId(scope).orElseThrow(), new GetDevice(), DeviceView.class)
                .handle((view, error) -> {
                    if (error != null && !(Causes.of(error) instanceof RefusedException)) {
                        throw new CompletionException(Causes.of(error));
                    }
                    boolean isThere = view != null
                            && view.getDevice().getSettings().getIotEdge()
                            && EdgeScope.own(view.getDevice()).equals(scope);
                    if (!isThere) {
                        throw unknown(scope);
                    }
                    return null;
                });
    }

    private static ProblemException unknown(String scope) {
        return invalid("There is no edge device of the scope " + scope
                + ": give the deviceScope of a device whose capabilities.iotEdge is true, as its document shows it.");
    }

    private static ProblemException invalid(String sentence) {
        return new ProblemException(Problem.argumentInvalid(sentence));
    }
}
