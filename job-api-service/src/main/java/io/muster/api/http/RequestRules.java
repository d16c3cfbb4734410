package io.muster.api.http;

import io.muster.api.json.Problem;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surfaces;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Decides on a request's line and headers alone whether it is a request, and where it leads. Source: RFC 9112, 3.2 and 6.1. */
final class RequestRules {
    static final int LONGEST_LINE = 4096;
    /** Bounds what the decoder reads of a line: of a longer one the surface is not known. */
    static final int LONGEST_READ_LINE = 4 * LONGEST_LINE;

    static final int LARGEST_HEADERS = 32 * 1024;

    /** Lists the methods that a route or a preflight may have; metrics and the audit log name no other. */
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    private static final Pattern PORT = Pattern.compile(":\\d*$");
    private static final String NO_PATH = "/*";
    private static final String CHUNKED = "chunked";
    static final String WEB_SOCKET_VERSION = "13";

    /** Counts the characters of 16 bytes in base64. */
    private static final int KEY_LENGTH = 24;

    private RequestRules() {}

    /** Returns the method as metrics name it: one of a few, whatever was sent. */
    static String methodName(String method) {
        return METHODS.contains(method) ? method : "other";
    }

    /** Returns the reason to refuse a request before routing; empty where there is none. */
    static Optional<Problem> fault(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            return Optional.of(unreadable(request.decoderResult().cause()));
        }
        boolean newer = request.protocolVersion().equals(HttpVersion.HTTP_1_1);
        if (!newer && !request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            return bad("Speak HTTP/1.1.");
        }
        String target = request.uri();
        if (target.length() > LONGEST_LINE) {
            return Optional.of(lineTooLong());
        }
        if (!target.startsWith("/") || target.startsWith("//")) {
            return bad("Begin the path of the request line with one slash.");
        }
        if (target.indexOf('#') >= 0) {
            return bad("Leave out # and the fragment behind it.");
        }
        if (!isAddress(target)) {
            return bad("The path is not a valid URI: percent-encode the characters that may not stand in one.");
        }
        if (Surfaces.isReserved(target)) {
            return Optional.of(Problem.notFound("There is nothing below a path that begins with a tilde."));
        }
        if (!METHODS.contains(request.method().name())) {
            return Optional.of(new Problem(
                    405,
                    "MethodNotAllowed",
                    "Use one of the methods " + METHODS.stream().sorted().toList() + "."));
        }
        int hosts = request.headers().getAll(HttpHeaderNames.HOST).size();
        if (hosts > 1 || (newer && hosts == 0)) {
            return bad("Give one header Host.");
        }
        if (request.headers().getAll(HttpHeaderNames.AUTHORIZATION).size() > 1) {
            return bad("Give one header Authorization.");
        }
        if (!request.headers().getAll(HttpHeaderNames.CONTENT_ENCODING).stream()
                .allMatch(HttpHeaderValues.IDENTITY::contentEqualsIgnoreCase)) {
            return Optional.of(
                    new Problem(415, "UnsupportedMediaType", "Send the body as it is, without Content-Encoding."));
        }
        List<String> encodings = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
        boolean plain = encodings.isEmpty()
                || (newer
                        && encodings.size() == 1
                        && encodings.getFirst().strip().equalsIgnoreCase(CHUNKED));
        return plain ? Optional.empty() : bad("Send Transfer-Encoding: chunked, or leave it out.");
    }

    /** Returns the reason to refuse a request to the path of a WebSocket; empty where it is a handshake. Source: RFC 6455, 4.2.1. */
    static Optional<Problem> handshakeFault(HttpRequest request) {
        HttpHeaders headers = request.headers();
        boolean asks = request.method().equals(HttpMethod.GET)
                && request.protocolVersion().equals(HttpVersion.HTTP_1_1)
                && headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
                && headers.getAll(HttpHeaderNames.UPGRADE).size() == 1
                && HttpHeaderValues.WEBSOCKET.contentEqualsIgnoreCase(headers.get(HttpHeaderNames.UPGRADE))
                && headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_KEY).size() == 1
                && headers.get(HttpHeaderNames.SEC_WEBSOCKET_KEY).length() == KEY_LENGTH;
        if (!asks) {
            return bad("This is MQTT over WebSocket: send a handshake as RFC 6455 has it.");
        }
        return headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_VERSION).equals(List.of(WEB_SOCKET_VERSION))
                ? Optional.empty()
                : Optional.of(
                        new Problem(426, "UpgradeRequired", "Send Sec-WebSocket-Version: " + WEB_SOCKET_VERSION + "."));
    }

    private static Problem unreadable(Throwable cause) {
        return switch (cause) {
            case TooLongHttpLineException _ -> lineTooLong();
            case TooLongFrameException _ ->
                new Problem(
                        431,
                        "RequestHeaderFieldsTooLarge",
                        "The headers have at most " + LARGEST_HEADERS + " characters together.");
            default -> Problem.badFormat("The request is not HTTP.");
        };
    }

    private static Problem lineTooLong() {
        return new Problem(
                414, "RequestUriTooLong", "The path and its query have at most " + LONGEST_LINE + " characters.");
    }

    private static boolean isAddress(String target) {
        try {
            return new URI(target).getRawPath() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static Optional<Problem> bad(String message) {
        return Optional.of(Problem.badFormat(message));
    }

    /**
     * Returns a request's target with the normal form of its path, on which its route is decided. A path in normal form ends with no slash, but
     * for the root.
     */
    static String normal(String target) {
        int query = target.indexOf('?');
        int end = query < 0 ? target.length() : query;
        int cut = end;
        while (cut > 1 && target.charAt(cut - 1) == '/') {
            cut--;
        }
        return cut == end ? target : target.substring(0, cut) + target.substring(end);
    }

    /** Returns the parts of a request by which its surface is found. A target that is no path is no surface's. */
    static Arrival arrival(HttpRequest request) {
        String host = request.headers().get(HttpHeaderNames.HOST, "").toLowerCase(Locale.ROOT);
        return new Arrival(
                PORT.matcher(host).replaceFirst(""),
                request.uri().startsWith("/") ? path(normal(request.uri())) : NO_PATH,
                request.headers().get(HttpHeaderNames.AUTHORIZATION, ""));
    }

    /** Returns the path of a request's target. */
    static String path(String target) {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    /** Returns a path below a surface's mount, with the query of a target; the root is the mount itself. */
    static String mounted(String mount, String path, String target) {
        int query = target.indexOf('?');
        String below = !mount.isEmpty() && path.equals("/") ? "" : path;
        return mount + below + (query < 0 ? "" : target.substring(query));
    }

    /** Returns the reason to refuse a request by the length of its body, where it says so. A body in chunks is counted as it is read. */
    static Optional<Problem> bodyFault(HttpRequest request, long most) {
        long length = HttpUtil.getContentLength(request, 0L);
        return length > most
                ? Optional.of(
                        Problem.tooLarge("The body has " + length + " bytes, and at most " + most + " are taken."))
                : Optional.empty();
    }
}
