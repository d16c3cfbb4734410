package io.muster.api.surface.central;

import io.muster.api.job.FleetPage;
import io.muster.api.job.Requests;
import io.muster.records.DevicePage;
import io.muster.records.DeviceView;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Finds devices by conditions over twins, in order of their ids. */
final class FleetDevices {
    /** Bounds the ids in one query, which has a longest text. */
    private static final int CHUNK = 50;

    private final Requests requests;

    FleetDevices(Requests requests) {
        this.requests = requests;
    }

    /** Returns those of some devices that a condition selects, by their ids. */
    CompletableFuture<Set<String>> among(String condition, List<String> ids) {
        Set<String> found = new HashSet<>();
        CompletableFuture<Set<String>> all = CompletableFuture.completedFuture(found);
        for (int i = 0; i < ids.size(); i += CHUNK) {
            List<String> some = ids.subList(i, Math.min(ids.size(), i + CHUNK));
            String those = JobReader.among(some) + (condition.equals("*") ? "" : " AND " + condition);
            all = all.thenCompose(_ -> collect(those, null, found));
        }
        return all;
    }

    /** Adds the ids of all that match: a page may end before its limit, where documents are long. */
    private CompletableFuture<Set<String>> collect(String condition, @Nullable String after, Set<String> found) {
        return page(condition, after, CHUNK).thenCompose(page -> {
            page.rows().forEach(view -> found.add(view.getDevice().getDeviceId()));
            return page.next().isPresent()
                    ? collect(condition, page.next().get(), found)
                    : CompletableFuture.completedFuture(found);
        });
    }

    /** Returns a page. @param after the id behind which it begins; null for the first one */
    CompletableFuture<FleetPage<DeviceView>> page(String condition, @Nullable String after, int limit) {
        return requests.query("SELECT * FROM devices WHERE " + condition, after, limit + 1, DevicePage.class)
                .thenApply(pages -> FleetPage.of(
                        pages.stream()
                                .map(page -> new FleetPage.Part<>(page.getDevices(), page.getMore()))
                                .toList(),
                        view -> view.getDevice().getDeviceId(),
                        limit));
    }
}
