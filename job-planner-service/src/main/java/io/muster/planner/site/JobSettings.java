package io.muster.planner.site;

import io.muster.planner.json.Json;
import io.muster.planner.json.MalformedJsonException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Holds what a job's {@code settings.job} says, as far as it means something here. A value of another type than it should have counts as absent.
 * Contract: webjobs-and-schedules, 2.6.
 *
 * @param schedule an NCRONTAB expression, right or not
 * @param stoppingWaitSeconds between the word that a program is to end and its kill
 */
record JobSettings(Optional<String> schedule, boolean isSingleton, OptionalInt stoppingWaitSeconds) {
    /** Bounds the wait: a job that is asked to stop, and does not, is killed within a day. */
    private static final int LONGEST_WAIT = 24 * 3600;

    /** Reads a JSON object. @throws MalformedJsonException when it is none */
    static JobSettings parse(String text) throws MalformedJsonException {
        return of(Json.object(text));
    }

    /** Reads an object that was checked when it was written. */
    static JobSettings stored(String text) {
        return of(Json.stored(text));
    }

    private static JobSettings of(Map<String, Object> members) {
        return new JobSettings(
                members.get("schedule") instanceof String schedule && !schedule.isBlank()
                        ? Optional.of(schedule.strip())
                        : Optional.empty(),
                members.get("is_singleton") instanceof Boolean singleton && singleton,
                members.get("stopping_wait_time") instanceof Integer seconds && seconds >= 0
                        ? OptionalInt.of(Math.min(seconds, LONGEST_WAIT))
                        : OptionalInt.empty());
    }
}
