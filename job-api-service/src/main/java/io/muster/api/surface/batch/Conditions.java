package io.muster.api.surface.batch;

import io.micronaut.http.HttpHeaders;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Holds the conditions of a request: tags with or without quotes, and dates to the second. Contract: batch, 3.4; RFC 9110, 13. */
record Conditions(
        @Nullable String match,
        @Nullable String noneMatch,
        @Nullable Instant modifiedSince,
        @Nullable Instant unmodifiedSince) {
    /** Reads them. @throws ProblemException where a date is none */
    static Conditions of(HttpHeaders headers) {
        return new Conditions(
                headers.get("If-Match"),
                headers.get("If-None-Match"),
                date(headers, "If-Modified-Since"),
                date(headers, "If-Unmodified-Since"));
    }

    private static @Nullable Instant date(HttpHeaders headers, String name) {
        @Nullable String text = headers.get(name);
        if (text == null) {
            return null;
        }
        try {
            return ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
        } catch (DateTimeException e) {
            throw new ProblemException(
                    new Problem(400, "InvalidHeaderValue", "The header " + name + " is a date as RFC 1123 has it.")
                            .with("HeaderName", name)
                            .with("HeaderValue", text));
        }
    }

    /** Returns whether anything has to be known of a resource before it is changed. */
    boolean isEmpty() {
        return match == null && noneMatch == null && modifiedSince == null && unmodifiedSince == null;
    }

    /** Returns the refusal of a request where a condition does not hold; 304 where a reader has seen it already. */
    Optional<Problem> fault(boolean reads, long revision, Instant changedAt) {
        Instant changed = changedAt.truncatedTo(ChronoUnit.SECONDS);
        if ((match != null && !names(match, revision))
                || (unmodifiedSince != null && changed.isAfter(unmodifiedSince))) {
            return Optional.of(new Problem(412, "ConditionNotMet", "It has changed meanwhile."));
        }
        boolean isSeen = noneMatch != null
                ? names(noneMatch, revision)
                : modifiedSince != null && !changed.isAfter(modifiedSince);
        return isSeen
                ? Optional.of(new Problem(reads ? 304 : 412, "ConditionNotMet", "It has not changed."))
                : Optional.empty();
    }

    /** Holds them against a resource. @throws ProblemException where one does not hold */
    void check(boolean reads, long revision, Instant changedAt) {
        fault(reads, revision, changedAt).ifPresent(problem -> {
            throw new ProblemException(problem);
        });
    }

    private static boolean names(String header, long revision) {
        return Arrays.stream(header.split(","))
                .map(String::strip)
                .map(tag -> tag.replaceFirst("^W/", "").replace("\"", ""))
                .anyMatch(tag -> tag.equals("*") || tag.equalsIgnoreCase(BatchRequest.tag(revision)));
    }
}
