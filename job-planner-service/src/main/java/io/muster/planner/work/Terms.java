package io.muster.planner.work;

import io.muster.planner.state.Retry;
import io.muster.records.FailureKind;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Says under which terms a device's work is done.
 *
 * @param deviceId spreads back-offs
 * @param job the state of the job; {@code UNDER_WAY} for an invocation
 * @param patience how long it waits for its device; zero for not at all, empty for as long as the job lives
 * @param answerTime that the device has
 * @param retries one rule a kind of failure
 * @param errorStatusFails whether an answer with another status than 200 to 299 is a failure, and not done
 */
public record Terms(
        String deviceId,
        JobState job,
        Optional<Duration> patience,
        Duration answerTime,
        List<Retry> retries,
        boolean errorStatusFails) {
    /** Says whether more of the job may be handed to devices. */
    public enum JobState {
        UNDER_WAY,
        /** Cancels work that was not handed to a device. */
        CANCELLED,
        /** Fails work that has not ended. */
        EXPIRED
    }

    /** Returns the terms of work whose job has ended: there is no other attempt. */
    public static Terms ended(String deviceId, JobState job) {
        return new Terms(deviceId, job, Optional.empty(), Duration.ZERO, List.of(), false);
    }

    boolean isUnderWay() {
        return job == JobState.UNDER_WAY;
    }

    boolean waits() {
        return patience.isEmpty() || !patience.get().isZero();
    }

    Optional<Instant> patienceEnds(Instant now) {
        return patience.map(now::plus);
    }

    /** Returns the rule that allows another attempt after such a failure; empty where there is none, or it was used up. */
    Optional<Retry> retry(Attempts attempts, FailureKind kind) {
        return retries.stream()
                .filter(rule -> rule.getKind().equals(kind.name()) && attempts.failures(kind) < rule.getTimes())
                .findFirst();
    }

    /** Returns how long to wait before the next attempt: doubled with each failure of the kind, and the same whenever it is asked for. */
    Duration backoff(Attempts attempts, FailureKind kind, Retry rule) {
        int before = Math.min(attempts.failures(kind), 30);
        double seconds = Math.min(rule.getLongestBackoffSeconds(), rule.getBackoffSeconds() * Math.pow(2, before));
        long hash = (deviceId + attempts.count()).hashCode() * 0x9E3779B97F4A7C15L;
        double unit = (hash >>> 11) * 0x1.0p-53;
        return Duration.ofMillis((long) (seconds * 1000 * (1 + rule.getJitter() * (2 * unit - 1))));
    }
}
