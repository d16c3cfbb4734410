package io.muster.processor.schedule;

import io.muster.service.endpoint.EndpointClient;
import java.time.Instant;

/** Says what became of a call. @param message one sentence for who wrote the schedule: it reveals nothing of what an endpoint said */
record CallOutcome(boolean succeeded, String message) {
    private static final int CLASS = 100;
    private static final int SUCCESS = 2;

    /** Returns the outcome of an order that came behind its end, such as the repetition of one that was carried out and whose report is late. */
    static CallOutcome late(Instant until) {
        return new CallOutcome(false, "It was to begin by " + until + ", and the stream processor came to it later.");
    }

    /** Returns the outcome of a call of an endpoint: any answer but 2xx is a failure, redirects too, which are not followed. */
    static CallOutcome of(EndpointClient.Outcome outcome) {
        return switch (outcome) {
            case EndpointClient.Outcome.Answered(int status) ->
                new CallOutcome(status / CLASS == SUCCESS, "The endpoint answered " + status / CLASS + "xx.");
            case EndpointClient.Outcome.NotReached(String why) ->
                new CallOutcome(false, "The endpoint was not reached: " + why.replaceFirst("\\.$", "") + ".");
        };
    }
}
