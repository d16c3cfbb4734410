package io.muster.api.credential;

import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Holds the signature of a request and what it is made of. Contract: batch, 3.4.
 *
 * @param signature in base64
 */
public record SharedKey(String account, String signature) {
    private static final String SCHEME = "SharedKey ";
    private static final Pattern FORM = Pattern.compile("([A-Za-z0-9]{3,24}):([A-Za-z0-9+/]{43}=)");
    private static final Duration SKEW = Duration.ofMinutes(15);
    private static final String DATE = "ocp-date";
    private static final String LENGTH = "Content-Length";
    private static final List<String> SIGNED = List.of(
            "Content-Encoding",
            "Content-Language",
            LENGTH,
            "Content-MD5",
            "Content-Type",
            "Date",
            "If-Modified-Since",
            "If-Match",
            "If-None-Match",
            "If-Unmodified-Since",
            "Range");

    /** Returns whether a header Authorization is of this scheme, right or not. */
    public static boolean hasScheme(@Nullable String authorization) {
        return authorization != null && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
    }

    /** Returns what a header Authorization of this scheme holds; empty where it makes no sense. */
    public static Optional<SharedKey> parse(String authorization) {
        Matcher matcher = FORM.matcher(authorization.substring(SCHEME.length()).strip());
        return matcher.matches() ? Optional.of(new SharedKey(matcher.group(1), matcher.group(2))) : Optional.empty();
    }

    /** Returns whether a request was signed within a quarter of an hour of now: an older one may be a copy. */
    public static boolean isTimely(HttpHeaders headers, Instant now) {
        @Nullable String own = headers.get(DATE);
        @Nullable String date = own == null ? headers.get("Date") : own;
        if (date == null) {
            return false;
        }
        try {
            Instant signed = ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            return Duration.between(signed, now).abs().compareTo(SKEW) <= 0;
        } catch (DateTimeException e) {
            return false;
        }
    }

    /**
     * Returns what the signature may be of: clients write an empty body's length as they like.
     *
     * @param path as the client sent it
     */
    public List<String> texts(HttpRequest<?> request, String path) {
        HttpHeaders headers = request.getHeaders();
        @Nullable String length = headers.get(LENGTH);
        List<String> lengths = length == null || length.equals("0")
                ? request.getMethodName().equals("POST") ? List.of("0", "") : List.of("", "0")
                : List.of(length);
        return lengths.stream().map(one -> text(request, path, one)).toList();
    }

    private String text(HttpRequest<?> request, String path, String length) {
        HttpHeaders headers = request.getHeaders();
        StringBuilder text = new StringBuilder(request.getMethodName()).append('\n');
        for (String name : SIGNED) {
            String value = name.equals(LENGTH) ? length : Objects.requireNonNullElse(headers.get(name), "");
            text.append(value).append('\n');
        }
        TreeMap<String, String> own = new TreeMap<>();
        headers.names().stream()
                .map(name -> name.toLowerCase(Locale.ROOT))
                .filter(name -> name.startsWith("ocp-"))
                .forEach(name -> own.put(name, Objects.requireNonNullElse(headers.get(name), "")));
        own.forEach((name, value) ->
                text.append(name).append(':').append(value.strip()).append('\n'));
        text.append('/').append(account).append(path);
        parameters(request.getUri())
                .forEach((name, value) ->
                        text.append('\n').append(name).append(':').append(value));
        return text.toString();
    }

    /** Returns the parameters of a query by name; of several with one name the first counts, as for clients. */
    private static TreeMap<String, String> parameters(URI uri) {
        TreeMap<String, String> parameters = new TreeMap<>();
        String query = Objects.requireNonNullElse(uri.getRawQuery(), "");
        for (String part : new ArrayList<>(Arrays.asList(query.split("&")))) {
            int equals = part.indexOf('=');
            if (!part.isEmpty()) {
                String name = decoded(equals < 0 ? part : part.substring(0, equals));
                parameters.putIfAbsent(name, equals < 0 ? "" : decoded(part.substring(equals + 1)));
            }
        }
        return parameters;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
