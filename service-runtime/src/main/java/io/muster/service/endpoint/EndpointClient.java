package io.muster.service.endpoint;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Calls endpoints of users, as far as their {@link EndpointAccess} lets them be reached. It follows no redirect, keeps no cookie, uses no proxy,
 * and returns the status of an answer alone. Thread-safe; a call blocks.
 */
public final class EndpointClient implements AutoCloseable {
    private static final int MOST_READ = 64 * 1024;
    private static final int FEW = 25;
    private static final int FEW_OF_A_HOST = 5;

    private final CloseableHttpClient http;
    private final Duration limit;
    private final ScheduledThreadPoolExecutor deadlines = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("endpoint-deadlines").factory());

    /** Is the outcome of a call. */
    public sealed interface Outcome {
        /** Says that the endpoint answered. */
        record Answered(int status) implements Outcome {}

        /** Says that nothing was sent, or that no answer came. @param why fit for whoever named the endpoint: it reveals nothing of what is there */
        record NotReached(String why) implements Outcome {}
    }

    /** Makes one for few calls at a time. @param limit of a whole call, in which each endpoint must have answered */
    public EndpointClient(EndpointAccess access, Duration limit) {
        this(access, limit, FEW, FEW_OF_A_HOST);
    }

    /**
     * Calls endpoints over a pool of connections, and over as many to one host as in all.
     *
     * @param limit of a whole call, in which each endpoint must have answered
     * @param most calls at a time: others wait for these, as long as the limit
     */
    public EndpointClient(EndpointAccess access, Duration limit, int most) {
        this(access, limit, most, most);
    }

    private EndpointClient(EndpointAccess access, Duration limit, int most, int mostOfAHost) {
        Timeout timeout = Timeout.of(limit);
        this.limit = limit;
        deadlines.setRemoveOnCancelPolicy(true); // Else it keeps each request, with its body, until the deadline.
        this.http = HttpClientBuilder.create()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setDnsResolver(resolver(access))
                        .setMaxConnTotal(most)
                        .setMaxConnPerRoute(mostOfAHost)
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(timeout)
                                .setSocketTimeout(timeout)
                                .build())
                        .build())
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(timeout)
                        .setResponseTimeout(timeout)
                        .setRedirectsEnabled(false)
                        .setAuthenticationEnabled(false)
                        .setProtocolUpgradeEnabled(false)
                        .build())
                .disableRedirectHandling()
                .disableAutomaticRetries()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableContentCompression()
                .setUserAgent("Muster")
                .build();
    }

    private static DnsResolver resolver(EndpointAccess access) {
        return new DnsResolver() {
            @Override
            public InetAddress[] resolve(String host) throws UnknownHostException {
                throw new UnknownHostException("an endpoint is resolved with its port, host=" + host);
            }

            @Override
            public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
                return access.resolve(host, port);
            }

            @Override
            public String resolveCanonicalHostname(String host) {
                return host;
            }
        };
    }

    /** Calls an endpoint. @param json the body; null for none */
    public Outcome call(String method, URI endpoint, Map<String, String> headers, byte @Nullable [] json) {
        HttpUriRequestBase request = new HttpUriRequestBase(method, withoutUser(endpoint));
        headers.forEach(request::setHeader);
        if (json != null) {
            request.setEntity(new ByteArrayEntity(json, ContentType.create("application/json")));
        }
        try {
            Future<?> deadline = deadlines.schedule(request::cancel, limit.toMillis(), TimeUnit.MILLISECONDS);
            try (ClassicHttpResponse response = http.executeOpen(null, request, null)) {
                int status = response.getCode();
                passOver(request, response);
                return new Outcome.Answered(status);
            } finally {
                deadline.cancel(false);
            }
        } catch (EndpointAccess.RefusedException e) {
            return new Outcome.NotReached(String.valueOf(e.getMessage()));
        } catch (UnknownHostException e) {
            return new Outcome.NotReached("its name is not known");
        } catch (IOException | RuntimeException e) {
            return new Outcome.NotReached(
                    e instanceof javax.net.ssl.SSLException
                            ? "no TLS connection to it can be made"
                            : "it can't be reached, or does not answer in time");
        }
    }

    /** Reads the answer to its end, so that the connection is used again; a connection with a long answer ends. */
    private static void passOver(HttpUriRequestBase request, ClassicHttpResponse response) {
        try (InputStream body = response.getEntity() == null
                ? InputStream.nullInputStream()
                : response.getEntity().getContent()) {
            body.skipNBytes(MOST_READ);
            request.cancel(); // To close the answer would read on.
        } catch (IOException _) {
            // It ended before that, as most do, or broke off: the status counts.
        }
    }

    /** Removes a name and a password before the host, which nobody asked for. */
    private static URI withoutUser(URI endpoint) {
        return endpoint.getRawUserInfo() == null
                ? endpoint
                : URI.create(endpoint.toString().replace(endpoint.getRawUserInfo() + "@", ""));
    }

    @Override
    public void close() {
        deadlines.shutdownNow();
        http.close(CloseMode.IMMEDIATE);
    }
}
