package io.muster.planner.job;

import io.muster.records.AbortRule;
import io.muster.records.Batches;
import io.muster.records.DeviceMethod;
import io.muster.records.ExecutionWindow;
import io.muster.records.FailureLimit;
import io.muster.records.Growth;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.RetryRule;
import io.muster.records.Rollout;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.Optional;

/** Finds faults of policies. */
final class Policies {
    private static final int PERCENT = 100;
    private static final int MOST_RETRIES = 100;
    private static final int LONGEST_BACKOFF = 24 * 3600;
    private static final int MOST_WINDOWS = 50;
    private static final int HIGHEST_PRIORITY = 9;

    private Policies() {}

    static Optional<String> fault(JobDefinition definition) {
        JobPolicy policy = definition.getPolicy();
        if (policy == null) {
            return Optional.empty();
        }
        if (!policy.getRetries().isEmpty() && !(definition.getOperation() instanceof DeviceMethod)) {
            return Optional.of("retries are for methods: a twin update does not fail in a way that another try mends.");
        }
        if (policy.getPriority() < 0 || policy.getPriority() > HIGHEST_PRIORITY) {
            return Optional.of("priority is 0 to " + HIGHEST_PRIORITY + ".");
        }
        boolean ofMethods = policy.getErrorStatusFails() || policy.getOfflineFails();
        if (ofMethods && !(definition.getOperation() instanceof DeviceMethod)) {
            return Optional.of(
                    "errorStatusFails and offlineFails are for methods: a twin update asks nothing of its device.");
        }
        if (policy.getOfflineFails() && !policy.getRetries().isEmpty()) {
            return Optional.of(
                    "offlineFails is for jobs without retries: a device that is offline has failed at once.");
        }
        if (policy.getFailedIn() != null && policy.getContinuous()) {
            return Optional.of("A continuous job can't be one over the devices on which another has failed.");
        }
        return policy.getRetries().stream()
                .map(Policies::fault)
                .flatMap(Optional::stream)
                .findFirst()
                .or(() -> Optional.ofNullable(policy.getFailureLimit())
                        .flatMap(limit -> fault(limit, policy.getBatches() != null)))
                .or(() -> Optional.ofNullable(policy.getRollout()).flatMap(Policies::fault))
                .or(() -> Optional.ofNullable(policy.getBatches()).flatMap(Policies::fault))
                .or(() -> Optional.ofNullable(policy.getAbort()).flatMap(Policies::fault))
                .or(() -> policy.getWindows().size() > MOST_WINDOWS
                        ? Optional.of("There are up to " + MOST_WINDOWS + " windows.")
                        : policy.getWindows().stream()
                                .map(Policies::fault)
                                .flatMap(Optional::stream)
                                .findFirst());
    }

    private static Optional<String> fault(RetryRule rule) {
        if (rule.getTimes() < 1 || rule.getTimes() > MOST_RETRIES) {
            return Optional.of("retries: times is 1 to " + MOST_RETRIES + ".");
        }
        if (rule.getBackoffSeconds() < 0
                || rule.getLongestBackoffSeconds() < rule.getBackoffSeconds()
                || rule.getLongestBackoffSeconds() > LONGEST_BACKOFF) {
            return Optional.of("retries: backoffInSeconds is 0 or more, and longestBackoffInSeconds between it and "
                    + LONGEST_BACKOFF + ".");
        }
        return rule.getJitter() >= 0 && rule.getJitter() <= 1
                ? Optional.empty()
                : Optional.of("retries: jitter is 0 to 1.");
    }

    private static Optional<String> fault(Rollout rollout) {
        if (rollout.getDevicesPerMinute() < 1) {
            return Optional.of("rollout: devicesPerMinute is 1 or more.");
        }
        Growth growth = rollout.getGrowth();
        if (growth == null) {
            return Optional.empty();
        }
        if (!(growth.getFactor() > 1 && growth.getFactor() <= PERCENT)) {
            return Optional.of("rollout: growth.factor is more than 1, and up to " + PERCENT + ".");
        }
        if (growth.getAfterSucceeded() < 1) {
            return Optional.of("rollout: growth.afterSucceeded is 1 or more.");
        }
        return growth.getMostPerMinute() >= rollout.getDevicesPerMinute()
                ? Optional.empty()
                : Optional.of("rollout: growth.mostPerMinute is not less than devicesPerMinute.");
    }

    private static Optional<String> fault(Batches batches) {
        boolean bySize = batches.getSize() > 0 && batches.getPercent() == 0;
        double percent = batches.getPercent() + batches.getPercentFraction();
        boolean byPercent = batches.getSize() == 0 && percent > 0 && percent <= PERCENT;
        if (!bySize && !byPercent || batches.getPercentFraction() < 0 || batches.getPercentFraction() >= 1) {
            return Optional.of(
                    "batches: give either size, 1 or more, or percent, more than 0 and up to " + PERCENT + ".");
        }
        return isPercent(batches.getSuccessPercent())
                ? Optional.empty()
                : Optional.of("batches: successPercent is 0 to " + PERCENT + ".");
    }

    private static Optional<String> fault(FailureLimit limit, boolean hasBatches) {
        Long most = limit.getMost();
        Double percent = limit.getPercent();
        boolean isOne = most == null ? percent != null && isPercent(percent) : percent == null && most >= 0;
        if (!isOne) {
            return Optional.of("failureLimit: give either most, 0 or more, or percent, 0 to " + PERCENT + ".");
        }
        return limit.getPerBatch() && !hasBatches
                ? Optional.of("failureLimit: perBatch is for jobs with batches.")
                : Optional.empty();
    }

    private static Optional<String> fault(AbortRule rule) {
        return rule.getFailurePercent() >= 1 && isPercent(rule.getFailurePercent()) && rule.getAfterEnded() >= 0
                ? Optional.empty()
                : Optional.of("abort: failurePercent is 1 to " + PERCENT + ", and afterEnded 0 or more.");
    }

    private static Optional<String> fault(ExecutionWindow window) {
        if (window.getStartMinute() < 0
                || window.getStartMinute() >= Windows.MINUTES_OF_A_DAY
                || window.getEndMinute() < 0
                || window.getEndMinute() > Windows.MINUTES_OF_A_DAY
                || window.getStartMinute() == window.getEndMinute()) {
            return Optional.of("windows: start and end are two different times of day, from 00:00 to 24:00.");
        }
        if (!window.getDays().stream().allMatch(day -> day >= 1 && day <= 7)) {
            return Optional.of("windows: days are 1, which is Monday, to 7.");
        }
        try {
            ZoneId.of(window.getTimeZone());
            return Optional.empty();
        } catch (DateTimeException e) {
            return Optional.of(
                    "windows: there is no time zone " + window.getTimeZone() + "; say Europe/Paris, or UTC.");
        }
    }

    private static boolean isPercent(double value) {
        return value >= 0 && value <= PERCENT;
    }
}
