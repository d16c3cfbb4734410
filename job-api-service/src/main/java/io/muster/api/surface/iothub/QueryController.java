package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Post;
import io.muster.api.http.Answers;
import io.muster.api.http.Continuations;
import io.muster.api.http.Workers;
import io.muster.api.job.FleetPage;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.query.device.Groups;
import io.muster.query.device.Query;
import io.muster.query.device.Selection;
import io.muster.query.device.Source;
import io.muster.query.kernel.QueryException;
import io.muster.records.DeviceJobPage;
import io.muster.records.DevicePage;
import io.muster.records.GroupPage;
import io.muster.records.PartialGroup;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Answers queries over twins and device jobs: each device partition answers, and the answers are merged in the order of ids. A page goes on behind
 * the last row's id, so pages stay in step while devices come, go and change. Contract: iot-hub, 1.7 and section 3.
 */
@Controller
@Consumes(MediaType.ALL)
final class QueryController {
    private final Requests requests;
    private final Workers workers;

    QueryController(Requests requests, Workers workers) {
        this.requests = requests;
        this.workers = workers;
    }

    /** Holds a row, and the key that orders it. */
    private record Found(String key, ObjectNode document) {}

    private static FleetPage.Part<Found> part(DevicePage page) {
        return new FleetPage.Part<>(
                page.getDevices().stream()
                        .map(view -> new Found(view.getDevice().getDeviceId(), Devices.twin(view)))
                        .toList(),
                page.getMore());
    }

    private static FleetPage.Part<Found> part(DeviceJobPage page) {
        return new FleetPage.Part<>(
                page.getDeviceJobs().stream()
                        .map(job -> new Found(job.getJobId() + '\0' + job.getDeviceId(), Jobs.document(job)))
                        .toList(),
                page.getMore());
    }

    /**
     * Holds the position from which a query continues.
     *
     * @param left how many rows TOP leaves; -1 where there is no TOP
     * @param after the key of the last row or group
     */
    private record Place(int query, int left, @Nullable String after) {
        private static Place of(String text, Query query, Optional<String> continuation) {
            if (continuation.isEmpty()) {
                return new Place(text.hashCode(), query.top().orElse(-1), null);
            }
            String[] parts = continuation.get().split(" ", 3);
            if (parts.length < 3
                    || !parts[0].equals(Integer.toString(text.hashCode()))
                    || !parts[1].matches("-1|\\d{1,10}")) {
                throw Continuations.foreign();
            }
            return new Place(text.hashCode(), (int) Math.min(Integer.MAX_VALUE, Long.parseLong(parts[1])), parts[2]);
        }

        private int limit(int page) {
            return left < 0 ? page : Math.min(page, left);
        }

        private Optional<String> next(int given, String last) {
            int remaining = left < 0 ? left : left - given;
            return remaining == 0 ? Optional.empty() : Optional.of(query + " " + remaining + " " + last);
        }
    }

    @Post("/devices/query")
    CompletionStage<HttpResponse<String>> query(HttpRequest<?> request, @Body byte[] body) {
        return workers.run(() -> answer(request, body));
    }

    private CompletionStage<HttpResponse<String>> answer(HttpRequest<?> request, byte[] body) {
        String text = Rows.query(JsonBody.parse(body));
        Query query = parse(text);
        Place place = Place.of(text, query, Paging.place(request, null));
        int limit = place.limit(Paging.size(request, null));
        if (limit == 0) {
            return CompletableFuture.completedFuture(answer(query, List.of(), Optional.empty()));
        }
        if (query.selection() instanceof Selection.Grouped(Groups groups)) {
            return requests.query(text, null, 1, GroupPage.class)
                    .thenApply(pages -> groups(query, groups, pages, place, limit));
        }
        CompletableFuture<List<FleetPage.Part<Found>>> parts = query.source() == Source.DEVICE_JOBS
                ? requests.query(text, place.after(), limit + 1, DeviceJobPage.class)
                        .thenApply(pages ->
                                pages.stream().map(QueryController::part).toList())
                : requests.query(text, place.after(), limit + 1, DevicePage.class)
                        .thenApply(pages ->
                                pages.stream().map(QueryController::part).toList());
        return parts.thenApply(found -> rows(query, found, place, limit));
    }

    private static Query parse(String text) {
        try {
            return Query.parse(text);
        } catch (QueryException e) {
            throw new ProblemException(Problem.argumentInvalid(String.valueOf(e.getMessage())));
        }
    }

    private static HttpResponse<String> rows(Query query, List<FleetPage.Part<Found>> parts, Place place, int limit) {
        FleetPage<Found> page = FleetPage.of(parts, Found::key, limit);
        return answer(
                query,
                page.rows().stream().map(Found::document).toList(),
                page.next().flatMap(last -> place.next(page.rows().size(), last)));
    }

    private static HttpResponse<String> groups(
            Query query, Groups groups, List<GroupPage> pages, Place place, int limit) {
        List<PartialGroup> partials =
                pages.stream().flatMap(page -> page.getGroups().stream()).toList();
        List<Rows.Group> rest = Rows.groups(groups, partials, place.after());
        List<Rows.Group> page = rest.subList(0, Math.min(rest.size(), limit));
        return answer(
                query,
                page.stream().map(Rows.Group::row).toList(),
                page.size() < rest.size()
                        ? place.next(page.size(), page.getLast().key())
                        : Optional.empty());
    }

    private static HttpResponse<String> answer(Query query, List<ObjectNode> rows, Optional<String> next) {
        Stream<ObjectNode> made = query.selection() instanceof Selection.Columns columns
                ? rows.stream().map(row -> Rows.columns(columns, row))
                : rows.stream();
        ArrayNode body = JsonNodeFactory.instance.arrayNode();
        made.forEach(body::add);
        MutableHttpResponse<String> answer = Answers.ok(body).header(Paging.ITEM_TYPE, itemType(query));
        return next.isEmpty() ? answer : answer.header(Paging.CONTINUATION, Continuations.token(next.get()));
    }

    private static String itemType(Query query) {
        if (!(query.selection() instanceof Selection.Whole)) {
            return "raw";
        }
        return query.source() == Source.DEVICE_JOBS ? "deviceJob" : "twin";
    }
}
