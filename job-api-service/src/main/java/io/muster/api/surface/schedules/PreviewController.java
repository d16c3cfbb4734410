package io.muster.api.surface.schedules;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Post;
import io.muster.api.http.Answers;
import io.muster.api.http.Time;
import io.muster.api.http.Workers;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.schedule.ScheduleDocument;
import io.muster.schedule.Occurrence;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Lists the next firings of a schedule that is written as any of the surfaces writes one. */
@Controller(Schedules.MOUNT)
@Consumes(MediaType.ALL)
final class PreviewController {
    private static final Members MEMBERS = ScheduleDocument.MEMBERS.and("count");
    private static final int MOST = 100;
    private static final int USUAL = 5;

    private final Workers workers;
    private final Time time;

    PreviewController(Workers workers, Time time) {
        this.workers = workers;
        this.time = time;
    }

    @Post("/api/schedules/preview")
    CompletionStage<MutableHttpResponse<String>> preview(@Body byte[] body) {
        return workers.get(() -> answer(JsonBody.parse(body).rejectOthers(MEMBERS)));
    }

    private MutableHttpResponse<String> answer(JsonBody body) {
        int count = body.number("count").orElse(USUAL);
        if (count < 1 || count > MOST) {
            throw body.wrong("count", "a number from 1 to " + MOST);
        }
        Instant now = time.now();
        ScheduleDocument document = ScheduleDocument.of(body, now);
        int limit = Math.min(count, document.count().orElse(MOST));
        ArrayNode occurrences = JsonNodeFactory.instance.arrayNode();
        Optional<Occurrence> next = document.schedule().first(now);
        while (next.isPresent() && occurrences.size() < limit) {
            occurrences.add(json(next.get()));
            next = document.schedule().after(next.get().time());
        }
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.set("occurrences", occurrences);
        return Answers.ok(answer);
    }

    private static ObjectNode json(Occurrence occurrence) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("time", occurrence.time().toString())
                .put("localTime", DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(occurrence.localTime()));
        occurrence.note().ifPresent(note -> json.put("note", note));
        return json;
    }
}
