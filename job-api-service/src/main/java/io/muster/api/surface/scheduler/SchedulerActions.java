package io.muster.api.surface.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.ProblemException;
import io.muster.records.BasicCredentials;
import io.muster.records.CallEndpoint;
import io.muster.records.RetryPolicy;
import io.muster.records.RunSiteJob;
import io.muster.records.WriteMessage;
import io.muster.schedule.Retries;
import io.muster.schedule.ScheduleException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Period;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads actions of jobs: their calls and messages, and how often these are tried. Contract: webjobs-and-schedules, 2.9; addresses, "Rulings". */
final class SchedulerActions {
    /** Lists the members that say what is called or written: each belongs to one type of action. */
    private static final List<String> CONTENTS =
            List.of("request", "queueMessage", "serviceBusQueueMessage", "serviceBusTopicMessage");

    private static final Members OF_ACTION =
            Members.of("type", "retryPolicy", "errorAction").and(CONTENTS.toArray(String[]::new));
    private static final Members OF_REQUEST = Members.of("uri", "method", "body", "headers", "authentication");
    private static final Members OF_MESSAGE = Members.of("storageAccount", "queueName", "sasToken", "message");
    private static final Members OF_RETRY = Members.of("retryType", "retryInterval", "retryCount");
    private static final Members OF_BASIC = Members.of("type", "username", "password");
    private static final Members OF_NO_AUTHENTICATION = Members.of("type");

    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE");
    /** Lists headers that the connection has of its own. */
    private static final Set<String> OWN_HEADERS = Set.of(
            "host",
            "content-length",
            "transfer-encoding",
            "connection",
            "keep-alive",
            "upgrade",
            "te",
            "trailer",
            "expect",
            "proxy-authorization",
            "muster-firing-id",
            "muster-attempt");

    private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}");
    private static final Pattern HEADER_VALUE = Pattern.compile("[\\x20-\\x7e]{0,4096}");
    private static final Pattern QUEUE = Pattern.compile("[a-z0-9](?:-?[a-z0-9]){2,62}");
    private static final int MOST_HEADERS = 50;
    private static final int LONGEST_BODY = 64 * 1024;
    private static final int LONGEST_URI = 2048;
    private static final int LONGEST_CREDENTIAL = 1024;
    private static final int USUAL_RETRIES = 5;
    private static final int DAYS_OF_YEAR = 365;
    private static final int DAYS_OF_MONTH = 30;

    /** Matches the run of a triggered WebJob at our own address, with and without the site in the path, by each of its names. Contract: 2.1. */
    private static final Pattern RUN = Pattern.compile(
            "(?:/(?<site>[a-z0-9-]{1,64})\\.scm\\.azurewebsites\\.net)?(?:/api/triggered(?:web)?jobs|(?:/api)?/jobs/triggered)"
                    + "/(?<job>[a-z0-9][a-z0-9_-]{0,63})/run",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern SITE_HOST = Pattern.compile("(?<site>[a-z0-9-]{1,64})\\.scm\\.(?<rest>.+)");

    private SchedulerActions() {}

    /** Holds what a job does when it fires, and how failures are tried again. @param retry null for no retries */
    record Action(Object action, @Nullable RetryPolicy retry) {}

    /**
     * Reads the action of a job, but for its error action. A member that nothing reads is refused: the document is shown as it was given, without the
     * secrets that are found in the members that are read.
     *
     * @param own the host and port that the client reached us at
     * @throws ProblemException when a member is wrong, or what it names may not be reached
     */
    static Action of(JsonBody action, String own, SchedulerReach reach) {
        action.rejectOthers(OF_ACTION);
        @Nullable RetryPolicy retry = retry(action);
        String type = action.text("type").orElse("").toLowerCase(Locale.ROOT);
        return switch (type) {
            case "http", "https" -> {
                rejectOtherContents(action, "request");
                yield new Action(call(action, own, reach), retry);
            }
            case "storagequeue" -> {
                rejectOtherContents(action, "queueMessage");
                yield new Action(message(action, reach), retry);
            }
            case "servicebusqueue", "servicebustopic" ->
                throw SchedulerJobs.bad(
                        "Actions of Service Bus are not offered: use the type StorageQueue, which writes to"
                                + " the topic queue-{queueName}.");
            default -> throw SchedulerJobs.bad("An action is of the type Http, Https or StorageQueue.");
        };
    }

    /** Reads the error action of an action; empty where it has none. @throws ProblemException as {@link #of} does */
    static Optional<Action> onError(JsonBody action, String own, SchedulerReach reach) {
        return action.object("errorAction").map(error -> {
            if (error.has("errorAction")) {
                throw SchedulerJobs.bad("An error action has no errorAction of its own: leave it out.");
            }
            return of(error, own, reach);
        });
    }

    private static void rejectOtherContents(JsonBody action, String content) {
        CONTENTS.stream()
                .filter(other -> !other.equals(content) && action.has(other))
                .findFirst()
                .ifPresent(other -> {
                    throw SchedulerJobs.bad("An action with " + content + " has no " + other + ": leave one out.");
                });
    }

    private static Object call(JsonBody action, String own, SchedulerReach reach) {
        JsonBody request = action.object("request")
                .orElseThrow(() -> SchedulerJobs.bad("Give action.request: what is called."))
                .rejectOthers(OF_REQUEST);
        URI uri = uri(request);
        Authority called = Authority.of(uri);
        Optional<Authority> ours = Authority.of(uri.getScheme(), own);
        Matcher siteHost = SITE_HOST.matcher(called.host());
        boolean bySiteHost =
                siteHost.matches() && ours.equals(Optional.of(new Authority(siteHost.group("rest"), called.port())));
        Map<String, String> headers = headers(request);
        Optional<String> body = body(request);
        if (!bySiteHost && !ours.equals(Optional.of(called))) {
            return endpoint(request, uri, headers, body, reach);
        }
        request.object("authentication").ifPresent(given -> given.rejectOthers(OF_BASIC));
        Matcher run = RUN.matcher(uri.getPath());
        if (!run.matches()
                || !request.text("method").orElse("").equalsIgnoreCase("POST")
                || (run.group("site") == null && !bySiteHost)) {
            throw SchedulerJobs.bad("At our own address a schedule runs WebJobs: POST"
                    + " …/{site}.scm.azurewebsites.net/api/triggeredwebjobs/{name}/run.");
        }
        String site = run.group("site") == null ? siteHost.group("site") : run.group("site");
        return new RunSiteJob(site.toLowerCase(Locale.ROOT), run.group("job"), arguments(uri));
    }

    /** Names a host, in lower case, and a port of it: where an address says none, that of its scheme. */
    private record Authority(String host, int port) {
        private static final int HTTPS = 443;
        private static final int HTTP = 80;

        private static Authority of(URI uri) {
            int usual = "https".equalsIgnoreCase(uri.getScheme()) ? HTTPS : HTTP;
            String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
            return new Authority(host, uri.getPort() < 0 ? usual : uri.getPort());
        }

        /** Reads a host that may have a port behind it; empty where it is none. */
        private static Optional<Authority> of(String scheme, String host) {
            try {
                URI uri = new URI(scheme + "://" + host);
                return uri.getHost() == null ? Optional.empty() : Optional.of(of(uri));
            } catch (URISyntaxException e) {
                return Optional.empty();
            }
        }
    }

    private static URI uri(JsonBody request) {
        String text =
                request.text("uri").orElseThrow(() -> SchedulerJobs.bad("Give action.request.uri: what is called."));
        try {
            URI uri = new URI(text);
            if (uri.getHost() != null
                    && uri.getRawUserInfo() == null
                    && text.length() <= LONGEST_URI
                    && ("http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme()))) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw notAnAddress(request);
        }
        throw notAnAddress(request);
    }

    private static ProblemException notAnAddress(JsonBody request) {
        return request.wrong("uri", "an address such as https://host/path, without a name or a password");
    }

    private static String arguments(URI uri) {
        if (uri.getRawQuery() == null) {
            return "";
        }
        for (String pair : uri.getRawQuery().split("&")) {
            if (pair.startsWith("arguments=")) {
                return URLDecoder.decode(pair.substring("arguments=".length()), StandardCharsets.UTF_8);
            }
        }
        return "";
    }

    private static Optional<String> body(JsonBody request) {
        return request.text("body").map(body -> {
            if (body.length() > LONGEST_BODY) {
                throw request.wrong("body", "a text of up to " + LONGEST_BODY + " characters");
            }
            return body;
        });
    }

    private static CallEndpoint endpoint(
            JsonBody request, URI uri, Map<String, String> headers, Optional<String> body, SchedulerReach reach) {
        reach.endpoints().refuses(uri).ifPresent(why -> {
            throw SchedulerJobs.bad("This address is not called: " + why);
        });
        String method = request.text("method").orElse("").toUpperCase(Locale.ROOT);
        if (!METHODS.contains(method)) {
            throw request.wrong("method", "one of " + METHODS.stream().sorted().toList());
        }
        @Nullable BasicCredentials credentials = credentials(request);
        if (credentials != null && headers.containsKey("Authorization")) {
            throw SchedulerJobs.bad("Give authentication or the header Authorization, and not both.");
        }
        return new CallEndpoint(method, uri.toASCIIString(), headers, body.orElse(null), credentials);
    }

    private static Map<String, String> headers(JsonBody request) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        JsonNode given = request.member("headers").orElse(null);
        if (given == null) {
            return headers;
        }
        if (!given.isObject() || given.size() > MOST_HEADERS) {
            throw request.wrong("headers", "an object of up to " + MOST_HEADERS + " texts");
        }
        given.properties().forEach(header -> {
            String name = header.getKey();
            if (!HEADER.matcher(name).matches()
                    || !header.getValue().isTextual()
                    || !HEADER_VALUE.matcher(header.getValue().textValue()).matches()) {
                throw request.wrong("headers", "an object of names of headers and texts of printable ASCII");
            }
            if (OWN_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
                throw SchedulerJobs.bad("The header " + name + " is the connection's own: leave it out.");
            }
            if (headers.put(name, header.getValue().textValue()) != null) {
                throw SchedulerJobs.bad("The header " + name + " is given twice: its name is the same in any case.");
            }
        });
        return headers;
    }

    private static @Nullable BasicCredentials credentials(JsonBody request) {
        JsonBody given = request.object("authentication").orElse(null);
        if (given == null) {
            return null;
        }
        String type = given.text("type").orElse("");
        return switch (type.toLowerCase(Locale.ROOT)) {
            case "notspecified" -> {
                given.rejectOthers(OF_NO_AUTHENTICATION);
                yield null;
            }
            case "basic" -> {
                given.rejectOthers(OF_BASIC);
                yield new BasicCredentials(credential(given, "username"), credential(given, "password"));
            }
            case "clientcertificate", "activedirectoryoauth" ->
                throw SchedulerJobs.bad("Authentication of the type " + type + " is not offered: Basic is.");
            default -> throw given.wrong("type", "Basic or NotSpecified");
        };
    }

    private static String credential(JsonBody given, String name) {
        return given.text(name)
                .filter(text -> !text.isEmpty() && text.length() <= LONGEST_CREDENTIAL)
                .orElseThrow(() -> given.wrong(name, "a text: give it with each PUT, since it is not shown"));
    }

    private static WriteMessage message(JsonBody action, SchedulerReach reach) {
        JsonBody given = action.object("queueMessage")
                .orElseThrow(() -> SchedulerJobs.bad("Give action.queueMessage: its queueName and its message."))
                .rejectOthers(OF_MESSAGE);
        String queue = given.text("queueName").orElse("");
        if (!QUEUE.matcher(queue).matches()) {
            throw given.wrong("queueName", "3 to 63 lower-case letters, digits and single hyphens");
        }
        String message = given.text("message").orElse("");
        if (message.length() > LONGEST_BODY) {
            throw given.wrong("message", "a text of up to " + LONGEST_BODY + " characters");
        }
        String topic = "queue-" + queue;
        reach.topics().refusesWrite(topic).ifPresent(why -> {
            throw SchedulerJobs.bad(why);
        });
        return new WriteMessage(topic, message);
    }

    private static @Nullable RetryPolicy retry(JsonBody action) {
        JsonBody policy = action.object("retryPolicy").orElse(null);
        if (policy == null) {
            return null;
        }
        policy.rejectOthers(OF_RETRY);
        return switch (policy.text("retryType").orElse("").toLowerCase(Locale.ROOT)) {
            case "none" -> null;
            case "fixed" -> {
                try {
                    Retries retries = Retries.of(policy.number("retryCount").orElse(USUAL_RETRIES), interval(policy));
                    yield new RetryPolicy(retries.count(), retries.interval().toSeconds());
                } catch (ScheduleException e) {
                    throw SchedulerJobs.bad(e.getMessage());
                }
            }
            default -> throw policy.wrong("retryType", "None or Fixed");
        };
    }

    /** Returns the interval; years have 365 days, months 30. */
    private static Duration interval(JsonBody policy) {
        String text = policy.text("retryInterval").orElse("PT1M").toUpperCase(Locale.ROOT);
        int time = text.indexOf('T');
        try {
            Period date = time == 1 ? Period.ZERO : Period.parse(time < 0 ? text : text.substring(0, time));
            return (time < 0 ? Duration.ZERO : Duration.parse("P" + text.substring(time)))
                    .plusDays((long) date.getYears() * DAYS_OF_YEAR
                            + (long) date.getMonths() * DAYS_OF_MONTH
                            + date.getDays());
        } catch (DateTimeException | ArithmeticException e) {
            throw policy.wrong("retryInterval", "a duration such as PT10M");
        }
    }
}
