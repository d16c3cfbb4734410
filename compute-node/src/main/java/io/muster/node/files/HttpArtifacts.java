package io.muster.node.files;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;

/** Gets artifacts over HTTPS. Contract: docs/nodes.md, Files. */
public final class HttpArtifacts implements ArtifactSource {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final Duration READ_LIMIT = Duration.ofSeconds(30);
    private static final int CLIENT_ERROR = 400;
    private static final int SERVER_ERROR = 500;
    private static final int TOO_MANY = 429;

    private final URI rest;
    private final String deviceId;
    private final Supplier<Optional<String>> token;
    private final Optional<SSLSocketFactory> trust;

    /**
     * Makes one.
     *
     * @param token makes the shared access signature of a request; empty where the device has no key
     * @param trust decides which certificates of the address are good; empty for the machine's
     */
    public HttpArtifacts(
            URI rest, String deviceId, Supplier<Optional<String>> token, Optional<SSLSocketFactory> trust) {
        this.rest = rest;
        this.deviceId = deviceId;
        this.token = token;
        this.trust = trust;
    }

    @Override
    public InputStream open(String sha256) throws IOException {
        String shown = token.get()
                .orElseThrow(
                        () -> new MissingArtifactException(
                                "The node has a certificate and no key, by which it could fetch files: give it a connection string."));
        URL url = URI.create(rest.toString().replaceAll("/+$", "") + "/compute/artifacts/" + sha256)
                .toURL();
        URLConnection connection = url.openConnection();
        if (connection instanceof HttpsURLConnection https) {
            trust.ifPresent(https::setSSLSocketFactory);
        }
        HttpURLConnection http = (HttpURLConnection) connection;
        http.setInstanceFollowRedirects(false);
        http.setConnectTimeout(Math.toIntExact(CONNECT_LIMIT.toMillis()));
        http.setReadTimeout(Math.toIntExact(READ_LIMIT.toMillis()));
        http.setRequestProperty("Authorization", shown);
        http.setRequestProperty("x-muster-device", deviceId);
        int status = http.getResponseCode();
        if (status == HttpURLConnection.HTTP_OK) {
            return http.getInputStream();
        }
        http.disconnect();
        String message = "The file " + sha256 + " can't be fetched: the API answered " + status + ".";
        if (status >= CLIENT_ERROR && status < SERVER_ERROR && status != TOO_MANY) {
            throw new MissingArtifactException(message);
        }
        throw new IOException(message);
    }
}
