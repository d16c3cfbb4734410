package io.muster.api.surface.iothub;

import io.micronaut.http.HttpRequest;
import io.muster.api.http.Continuations;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the headers by which clients ask for pages of rows. A continuation is opaque to clients: here it is a text that says where to go on. Contract:
 * iot-hub, rule 6 and 1.7.
 */
final class Paging {
    static final String CONTINUATION = "x-ms-continuation";
    static final String ITEM_TYPE = "x-ms-item-type";
    static final String SIZE = "x-ms-max-item-count";

    private static final int DEFAULT_PAGE = 100;
    private static final int LARGEST_PAGE = 1000;

    private Paging() {}

    /**
     * Returns how many rows are asked for at most.
     *
     * @param parameter the query parameter that stands in for the header, as documentation has it
     * @throws ProblemException when that is no number
     */
    static int size(HttpRequest<?> request, @Nullable String parameter) {
        Optional<String> text =
                Optional.ofNullable(request.getHeaders().get(SIZE)).or(() -> Optional.ofNullable(parameter));
        if (text.isEmpty()) {
            return DEFAULT_PAGE;
        }
        if (!text.get().matches("[1-9]\\d{0,8}")) {
            throw new ProblemException(Problem.argumentInvalid("Give a whole number from 1 as the size of a page."));
        }
        return Math.min(LARGEST_PAGE, Integer.parseInt(text.get()));
    }

    /** Returns the position to continue from; empty for the first page. @throws ProblemException when the continuation token is invalid */
    static Optional<String> place(HttpRequest<?> request, @Nullable String parameter) {
        return Optional.ofNullable(request.getHeaders().get(CONTINUATION))
                .or(() -> Optional.ofNullable(parameter))
                .filter(token -> !token.isBlank())
                .map(Continuations::text);
    }
}
