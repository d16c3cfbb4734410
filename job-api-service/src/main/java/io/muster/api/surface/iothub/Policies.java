package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.records.AbortRule;
import io.muster.records.Batches;
import io.muster.records.ExecutionWindow;
import io.muster.records.FailureKind;
import io.muster.records.FailureLimit;
import io.muster.records.Growth;
import io.muster.records.JobPolicy;
import io.muster.records.RetryRule;
import io.muster.records.Rollout;
import java.math.BigDecimal;
import java.time.DayOfWeek;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads and writes the optional members of a job's document beyond IoT Hub's. Described in docs/jobs.md. */
final class Policies {
    /** Reads the policies of a job's document. */
    static final String[] MEMBERS = {
        "retries",
        "rollout",
        "batches",
        "abort",
        "windows",
        "continuous",
        "priority",
        "failureLimit",
        "errorStatusFails",
        "offlineFails"
    };

    private static final Members OF_RETRY =
            Members.of("on", "times", "backoffInSeconds", "longestBackoffInSeconds", "jitter");
    private static final Members OF_ROLLOUT = Members.of("devicesPerMinute", "growth");
    private static final Members OF_GROWTH = Members.of("factor", "afterSucceeded", "mostPerMinute");
    private static final Members OF_BATCHES = Members.of("size", "percent", "successPercent");
    private static final Members OF_ABORT = Members.of("failurePercent", "afterEnded");
    private static final Members OF_FAILURE_LIMIT = Members.of("most", "percent", "perBatch");
    private static final Members OF_WINDOW = Members.of("start", "end", "days", "timeZone");
    private static final Map<String, FailureKind> KINDS = Map.of(
            "noAnswer", FailureKind.NO_ANSWER,
            "notOnline", FailureKind.NOT_ONLINE,
            "invalidResponse", FailureKind.INVALID_RESPONSE,
            "errorStatus", FailureKind.ERROR_STATUS);
    private static final int BACKOFF = 10;
    private static final int LONGEST_BACKOFF = 300;
    private static final double JITTER = 0.2;
    private static final int ALL = 100;
    private static final int MINUTES = 60;

    private Policies() {}

    /** Returns the policy; null where the document names none. @throws ProblemException when a member has a wrong type, or is unknown */
    static @Nullable JobPolicy of(JsonBody body) {
        List<RetryRule> retries =
                body.objects("retries").stream().map(Policies::retry).toList();
        Optional<Rollout> rollout = body.object("rollout").map(Policies::rollout);
        Optional<Batches> batches = body.object("batches").map(Policies::batches);
        Optional<AbortRule> abort = body.object("abort").map(Policies::abort);
        List<ExecutionWindow> windows =
                body.objects("windows").stream().map(Policies::window).toList();
        boolean continuous = body.flag("continuous").orElse(false);
        int priority = body.number("priority").orElse(0);
        Optional<FailureLimit> failureLimit = body.object("failureLimit").map(Policies::failureLimit);
        boolean errorStatusFails = body.flag("errorStatusFails").orElse(false);
        boolean offlineFails = body.flag("offlineFails").orElse(false);
        boolean plain = retries.isEmpty()
                && rollout.isEmpty()
                && batches.isEmpty()
                && abort.isEmpty()
                && windows.isEmpty()
                && !continuous
                && priority == 0
                && failureLimit.isEmpty()
                && !errorStatusFails
                && !offlineFails;
        return plain
                ? null
                : JobPolicy.newBuilder()
                        .setRetries(retries)
                        .setRollout(rollout.orElse(null))
                        .setBatches(batches.orElse(null))
                        .setAbort(abort.orElse(null))
                        .setWindows(windows)
                        .setContinuous(continuous)
                        .setPriority(priority)
                        .setFailureLimit(failureLimit.orElse(null))
                        .setErrorStatusFails(errorStatusFails)
                        .setOfflineFails(offlineFails)
                        .build();
    }

    private static FailureLimit failureLimit(JsonBody limit) {
        limit.rejectOthers(OF_FAILURE_LIMIT);
        return new FailureLimit(
                limit.number("most").map(Integer::longValue).orElse(null),
                limit.decimal("percent").orElse(null),
                limit.flag("perBatch").orElse(false));
    }

    private static RetryRule retry(JsonBody rule) {
        rule.rejectOthers(OF_RETRY);
        int backoff = rule.number("backoffInSeconds").orElse(BACKOFF);
        return new RetryRule(
                rule.text("on")
                        .map(KINDS::get)
                        .orElseThrow(() -> rule.wrong("on", "noAnswer, notOnline, invalidResponse or errorStatus")),
                rule.number("times").orElse(1),
                backoff,
                rule.number("longestBackoffInSeconds").orElse(Math.max(backoff, LONGEST_BACKOFF)),
                rule.decimal("jitter").orElse(JITTER));
    }

    private static Rollout rollout(JsonBody rollout) {
        rollout.rejectOthers(OF_ROLLOUT);
        return new Rollout(
                required(rollout, "devicesPerMinute"),
                rollout.object("growth").map(Policies::growth).orElse(null));
    }

    private static Growth growth(JsonBody growth) {
        growth.rejectOthers(OF_GROWTH);
        return new Growth(
                growth.decimal("factor").orElseThrow(() -> growth.wrong("factor", "a number above 1")),
                (long) required(growth, "afterSucceeded"),
                required(growth, "mostPerMinute"));
    }

    private static Batches batches(JsonBody batches) {
        batches.rejectOthers(OF_BATCHES);
        BigDecimal percent = batches.decimal("percent").map(BigDecimal::valueOf).orElse(BigDecimal.ZERO);
        return new Batches(
                batches.number("size").orElse(0),
                percent.intValue(),
                batches.number("successPercent").orElse(ALL),
                percent.remainder(BigDecimal.ONE).doubleValue());
    }

    private static AbortRule abort(JsonBody abort) {
        abort.rejectOthers(OF_ABORT);
        return new AbortRule(required(abort, "failurePercent"), (long)
                abort.number("afterEnded").orElse(1));
    }

    private static ExecutionWindow window(JsonBody window) {
        window.rejectOthers(OF_WINDOW);
        return new ExecutionWindow(
                minute(window, "start"),
                minute(window, "end"),
                window.texts("days").stream().map(day -> day(window, day)).toList(),
                window.text("timeZone").orElse("UTC"));
    }

    private static int required(JsonBody body, String name) {
        return body.number(name).orElseThrow(() -> body.wrong(name, "a whole number"));
    }

    private static int minute(JsonBody window, String name) {
        String text = window.text(name).orElse("");
        if (!text.matches("([01]\\d|2[0-3]):[0-5]\\d|24:00")) {
            throw window.wrong(name, "a time of day such as 22:30");
        }
        return Integer.parseInt(text.substring(0, 2)) * MINUTES + Integer.parseInt(text.substring(3));
    }

    private static int day(JsonBody window, String text) {
        try {
            return DayOfWeek.valueOf(text.toUpperCase(Locale.ROOT)).getValue();
        } catch (IllegalArgumentException e) {
            throw window.wrong("days", "an array of names such as monday");
        }
    }

    /** Adds the members that say something. */
    static void write(ObjectNode document, JobPolicy policy) {
        if (!policy.getRetries().isEmpty()) {
            ArrayNode retries = document.putArray("retries");
            policy.getRetries().forEach(rule -> write(retries.addObject(), rule));
        }
        Rollout rollout = policy.getRollout();
        if (rollout != null) {
            ObjectNode node = document.putObject("rollout").put("devicesPerMinute", rollout.getDevicesPerMinute());
            Growth growth = rollout.getGrowth();
            if (growth != null) {
                node.putObject("growth")
                        .put("factor", growth.getFactor())
                        .put("afterSucceeded", growth.getAfterSucceeded())
                        .put("mostPerMinute", growth.getMostPerMinute());
            }
        }
        Batches batches = policy.getBatches();
        if (batches != null) {
            ObjectNode node = document.putObject("batches");
            if (batches.getSize() > 0) {
                node.put("size", batches.getSize());
            } else {
                node.put("percent", number(batches.getPercent() + batches.getPercentFraction()));
            }
            node.put("successPercent", batches.getSuccessPercent());
        }
        AbortRule abort = policy.getAbort();
        if (abort != null) {
            document.putObject("abort")
                    .put("failurePercent", abort.getFailurePercent())
                    .put("afterEnded", abort.getAfterEnded());
        }
        if (!policy.getWindows().isEmpty()) {
            ArrayNode windows = document.putArray("windows");
            policy.getWindows().forEach(window -> write(windows.addObject(), window));
        }
        if (policy.getContinuous()) {
            document.put("continuous", true);
        }
        if (policy.getPriority() > 0) {
            document.put("priority", policy.getPriority());
        }
        FailureLimit limit = policy.getFailureLimit();
        if (limit != null) {
            ObjectNode node = document.putObject("failureLimit");
            if (limit.getMost() != null) {
                node.put("most", limit.getMost());
            } else {
                node.put("percent", number(Objects.requireNonNull(limit.getPercent())));
            }
            node.put("perBatch", limit.getPerBatch());
        }
        if (policy.getErrorStatusFails()) {
            document.put("errorStatusFails", true);
        }
        if (policy.getOfflineFails()) {
            document.put("offlineFails", true);
        }
    }

    /** Returns a number as people write it: 25, and not 25.0. */
    private static BigDecimal number(double value) {
        BigDecimal plain = BigDecimal.valueOf(value).stripTrailingZeros();
        return plain.scale() < 0 ? plain.setScale(0) : plain;
    }

    private static void write(ObjectNode node, RetryRule rule) {
        String kind = KINDS.entrySet().stream()
                .filter(entry -> entry.getValue() == rule.getKind())
                .map(Map.Entry::getKey)
                .collect(Collectors.joining());
        node.put("on", kind)
                .put("times", rule.getTimes())
                .put("backoffInSeconds", rule.getBackoffSeconds())
                .put("longestBackoffInSeconds", rule.getLongestBackoffSeconds())
                .put("jitter", rule.getJitter());
    }

    private static void write(ObjectNode node, ExecutionWindow window) {
        node.put("start", time(window.getStartMinute())).put("end", time(window.getEndMinute()));
        if (!window.getDays().isEmpty()) {
            ArrayNode days = node.putArray("days");
            window.getDays().forEach(day -> days.add(DayOfWeek.of(day).name().toLowerCase(Locale.ROOT)));
        }
        node.put("timeZone", window.getTimeZone());
    }

    private static String time(int minute) {
        return "%02d:%02d".formatted(minute / MINUTES, minute % MINUTES);
    }
}
