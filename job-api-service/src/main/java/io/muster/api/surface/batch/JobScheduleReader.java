package io.muster.api.surface.batch;

import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.records.BatchJobDefinition;
import io.muster.records.CreateBatchJob;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.ScheduleDefinition;
import io.muster.records.Timing;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads schedules of jobs from documents. Contract: batch, 3.4. */
final class JobScheduleReader {
    /** Stands for a start window without a limit. */
    static final int NO_WINDOW = Integer.MAX_VALUE;

    private static final long SHORTEST_MILLIS = 60_000;
    private static final long MILLIS = 1000;
    private static final String SCHEDULE = "schedule";
    private static final String SPECIFICATION = "jobSpecification";
    private static final String METADATA = "metadata";
    private static final Map<String, String> NONE = Map.of();
    private static final Members CHANGE = Members.of(SCHEDULE, SPECIFICATION, METADATA);

    private JobScheduleReader() {}

    /** Returns the schedule that a POST makes. */
    static ScheduleDefinition added(JsonBody body) {
        Part part = Part.of(body).only(CHANGE.and("id", "displayName"), NONE);
        CreateBatchJob create = CreateBatchJob.newBuilder()
                .setJobScheduleId(TaskReader.id(part))
                .setDisplayName(part.text("displayName"))
                .setMetadata(TaskReader.pairs(part, METADATA))
                .setDefinition(specification(part))
                .build();
        return timed(
                ScheduleDefinition.newBuilder()
                        .setTiming(Timing.newBuilder().build())
                        .setAction(create)
                        .build(),
                needed(part, SCHEDULE));
    }

    /** Returns a schedule behind a PUT: what it leaves out gets its default. */
    static ScheduleDefinition put(JsonBody body, ScheduleDefinition before) {
        Part part = Part.of(body).only(CHANGE, NONE);
        CreateBatchJob create = CreateBatchJob.newBuilder((CreateBatchJob) before.getAction())
                .setMetadata(TaskReader.pairs(part, METADATA))
                .setDefinition(specification(part))
                .build();
        return timed(with(before, create), needed(part, SCHEDULE));
    }

    /** Returns a schedule behind a PATCH: what it leaves out stays, and what it has replaces the whole member. */
    static ScheduleDefinition patch(JsonBody body, ScheduleDefinition before) {
        Part part = Part.of(body).only(CHANGE, NONE);
        CreateBatchJob.Builder create = CreateBatchJob.newBuilder((CreateBatchJob) before.getAction());
        if (body.has(METADATA)) {
            create.setMetadata(TaskReader.pairs(part, METADATA));
        }
        part.object(SPECIFICATION).map(JobReader::specification).ifPresent(create::setDefinition);
        ScheduleDefinition changed = with(before, create.build());
        return part.object(SCHEDULE).map(times -> timed(changed, times)).orElse(changed);
    }

    private static ScheduleDefinition with(ScheduleDefinition before, CreateBatchJob create) {
        return ScheduleDefinition.newBuilder(before).setAction(create).build();
    }

    private static Part needed(Part part, String name) {
        return part.object(name).orElseThrow(() -> part.missing(name));
    }

    private static BatchJobDefinition specification(Part part) {
        return JobReader.specification(needed(part, SPECIFICATION));
    }

    private static ScheduleDefinition timed(ScheduleDefinition definition, Part part) {
        part.only(Members.of("doNotRunUntil", "doNotRunAfter", "startWindow", "recurrenceInterval"), NONE);
        @Nullable Instant start = time(part, "doNotRunUntil");
        @Nullable Instant end = time(part, "doNotRunAfter");
        if (start != null && end != null && !end.isAfter(start)) {
            throw part.wrong("doNotRunAfter", "Give a time behind doNotRunUntil.");
        }
        Timing timing = Timing.newBuilder()
                .setStart(start)
                .setEnd(end)
                .setRecurrence(seconds(part, "recurrenceInterval")
                        .map(ElapsedRecurrence::new)
                        .orElse(null))
                .build();
        return ScheduleDefinition.newBuilder(definition)
                .setTiming(timing)
                .setToleranceSeconds(seconds(part, "startWindow")
                        .map(window -> (int) Math.min(NO_WINDOW, window))
                        .orElse(NO_WINDOW))
                .build();
    }

    private static @Nullable Instant time(Part part, String name) {
        @Nullable String text = part.text(name);
        if (text == null) {
            return null;
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            throw part.wrong(name, "Give a time such as 2027-03-28T01:30:00Z.");
        }
    }

    /** Returns a duration of a minute at least, in whole seconds; empty where it has no limit. */
    private static Optional<Long> seconds(Part part, String name) {
        Optional<Long> millis = part.duration(name).filter(duration -> duration >= 0);
        if (millis.isPresent() && (millis.get() < SHORTEST_MILLIS || millis.get() % MILLIS != 0)) {
            throw part.wrong(name, "Give whole seconds, a minute at least, such as PT1H.");
        }
        return millis.map(duration -> duration / MILLIS);
    }
}
