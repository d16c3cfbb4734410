package io.muster.node.files;

import java.io.IOException;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Fetches files of users over HTTP and HTTPS, as any program of a task could: it has no credentials, follows no redirect and keeps no cookie. Thread-safe; calls wait for the
 * network. A server that is away, or says so, is asked three times. Contract: docs/nodes.md, "What a program gets".
 */
public final class WebFiles {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final Set<String> SCHEMES = Set.of("http", "https");
    private static final int TRIES = 3;
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final int SERVER_ERROR = 500;
    private static final int TOO_MANY = 429;
    private static final int HUNDRED = 100;
    private static final int REDIRECTS = 3;
    private static final int OCTAL = 8;
    private static final PosixFilePermission[] FROM_LOWEST = {
        PosixFilePermission.OTHERS_EXECUTE, PosixFilePermission.OTHERS_WRITE, PosixFilePermission.OTHERS_READ,
        PosixFilePermission.GROUP_EXECUTE, PosixFilePermission.GROUP_WRITE, PosixFilePermission.GROUP_READ,
        PosixFilePermission.OWNER_EXECUTE, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_READ
    };

    private final HttpClient client = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_LIMIT)
            .build();

    /**
     * Fetches a file.
     *
     * @param target which does not exist
     * @param mode three or four octal digits; empty for the node's own. Bits beyond those of reading, writing and executing are left out
     * @param mostBytes bounds the file
     * @param limit bounds the time from the first request to the last byte, repetitions included
     * @return how many bytes it has
     * @throws IOException with a sentence for whoever asked for it, where it can't be had
     * @throws InterruptedException where nobody wants it any more
     */
    public long fetch(String url, Path target, Optional<String> mode, long mostBytes, Duration limit)
            throws IOException, InterruptedException {
        URI address = address(url);
        long until = System.nanoTime() + limit.toNanos();
        for (int tries = 1; true; tries++) {
            try {
                fetch(address, target, mostBytes, until);
                break;
            } catch (PassingException e) {
                if (tries == TRIES) {
                    throw e;
                }
                Thread.sleep(PAUSE.multipliedBy(tries));
            }
        }
        if (mode.isPresent()) {
            Files.setPosixFilePermissions(target, permissions(mode.get()));
        }
        return Files.size(target);
    }

    /** Says that a file could not be had, and may be in a moment. */
    private static final class PassingException extends IOException {
        private static final long serialVersionUID = 1;

        PassingException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    private void fetch(URI address, Path target, long mostBytes, long until) throws IOException, InterruptedException {
        String shown = address.getScheme() + "://" + address.getRawAuthority() + address.getRawPath();
        CompletableFuture<HttpResponse<Path>> answer =
                client.sendAsync(HttpRequest.newBuilder(address).build(), into(target, mostBytes));
        try {
            int status =
                    answer.get(until - System.nanoTime(), TimeUnit.NANOSECONDS).statusCode();
            if (status >= SERVER_ERROR || status == TOO_MANY) {
                throw new PassingException(
                        "The file at " + shown + " can't be fetched: its server answered " + status + ".", null);
            }
            if (status != HttpURLConnection.HTTP_OK) {
                throw new IOException("The file at " + shown + " can't be fetched: its server answered " + status
                        + (status / HUNDRED == REDIRECTS ? ", and redirects are not followed." : "."));
            }
        } catch (ExecutionException e) {
            String why = "The file at " + shown + " can't be fetched, or has more than " + mostBytes + " bytes: "
                    + e.getCause();
            boolean isNotReached =
                    e.getCause() instanceof ConnectException || e.getCause() instanceof HttpConnectTimeoutException;
            throw isNotReached ? new PassingException(why, e) : new IOException(why, e);
        } catch (TimeoutException e) {
            throw new IOException("The file at " + shown + " was not there within the time for a task's files.", e);
        } finally {
            answer.cancel(true);
        }
    }

    private static URI address(String url) throws IOException {
        try {
            URI address = URI.create(url);
            if (address.getHost() != null
                    && SCHEMES.contains(String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT))) {
                return address;
            }
        } catch (IllegalArgumentException e) {
            throw new IOException("A file's address can't be read.", e);
        }
        throw new IOException("A file's address is of http or https.");
    }

    /** Returns what writes the body of a good answer to a file, up to a number of bytes, and leaves out others. */
    private static BodyHandler<Path> into(Path target, long mostBytes) {
        BodyHandler<Path> file = BodyHandlers.limiting(
                BodyHandlers.ofFile(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), mostBytes);
        return answer -> answer.statusCode() == HttpURLConnection.HTTP_OK
                ? file.apply(answer)
                : BodySubscribers.replacing(target);
    }

    private static Set<PosixFilePermission> permissions(String mode) throws IOException {
        try {
            int bits = Integer.parseInt(mode, OCTAL);
            Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
            for (int i = 0; i < FROM_LOWEST.length; i++) {
                if ((bits >> i & 1) == 1) {
                    permissions.add(FROM_LOWEST[i]);
                }
            }
            return permissions;
        } catch (NumberFormatException e) {
            throw new IOException("A file's mode is octal, such as 0755, not " + mode, e);
        }
    }
}
