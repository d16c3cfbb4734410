package io.muster.api;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.ReloadedFile;
import io.muster.access.SharedAccessPolicies;
import io.muster.api.access.Gate;
import io.muster.api.access.PersonTokens;
import io.muster.api.access.Throttles;
import io.muster.api.http.OpenIdProvider;
import io.muster.api.http.RestServer;
import io.muster.api.job.JobView;
import io.muster.api.job.Views;
import io.muster.api.kafka.ArtifactSweeper;
import io.muster.api.kafka.KafkaArtifacts;
import io.muster.api.kafka.KafkaRequests;
import io.muster.api.kafka.KafkaTaskOutputs;
import io.muster.api.kafka.Listener;
import io.muster.api.kafka.SiteListener;
import io.muster.api.schedule.WriterReview;
import io.muster.api.surface.central.CentralOptions;
import io.muster.api.surface.iothub.GatewayTunnels;
import io.muster.api.surface.iothub.MessageLife;
import io.muster.api.surface.streamanalytics.StreamJobReach;
import io.muster.api.surface.webjobs.UploadLimits;
import io.muster.codec.Codecs;
import io.muster.records.JobStatus;
import io.muster.registry.SchemaRegistry;
import io.muster.service.KafkaConnection;
import io.muster.service.LogFollower;
import io.muster.service.Settings;
import io.muster.service.SettingsException;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.topics.StreamJobTopics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the API: its server, its views and its requests to the log. */
public final class ApiService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ApiService.class);

    private final RestServer server;
    private final Listener listener;
    private final SiteListener siteListener;
    private final KafkaRequests requests;
    private final KafkaArtifacts artifacts;
    private final WriterReview review;
    private final ArtifactSweeper sweeper;

    /** Holds the settings that it needs beside the registry. */
    public record Options(
            KafkaConnection kafka,
            int instance,
            RestServer.Options rest,
            ApiSurfaces.Options surfaces,
            HubHosts hosts,
            Supplier<SharedAccessPolicies> policies,
            Optional<OpenIdProvider.Options> people,
            InstantSource clock) {
        private static final int PORT = 8443;
        private static final int MOST_GROUPS = 500;
        private static final int LARGEST_ARTIFACT_MIB = 100;
        private static final int MOST_ARTIFACT_MIB = 1024;
        private static final int ARTIFACTS_MIB = 20 * 1024;
        private static final int CONNECTIONS_PER_ADDRESS = 1000;
        private static final Duration MESSAGE_LIFE = Duration.ofHours(1);
        private static final Duration LONGEST_MESSAGE_LIFE = Duration.ofDays(2);

        /**
         * Reads {@code rest.host}, {@code rest.port}, {@code rest.connections.per.address}, {@code rest.plain}, {@code rest.tls.certificate}, {@code rest.tls.key}, {@code
         * throttle.*.per.minute} of each kind, {@code messages.life}, {@code websocket.gateway}, {@code
         * websocket.gateway.trust} (a file, or {@code system} for those that Java trusts), {@code websocket.gateway.name}, {@code stream.topics}, {@code endpoints.allow}, {@code artifacts.largest.mib}, {@code artifacts.total.mib}, {@code central.groups.most}, {@code jobs.resume.allowed}, {@code hub.hosts}, {@code policies}, {@code policies.file}, {@code
         * oidc.issuer} (none where it is missing), {@code oidc.audience}, {@code oidc.roles.claim}, {@code oidc.trust} (a file) and {@code
         * api.instance}.
         */
        public static Options from(Settings settings, KafkaConnection kafka, InstantSource clock) {
            String host = settings.text("rest.host", "127.0.0.1");
            boolean loopback = isLoopback(host);
            boolean plain = settings.flag("rest.plain", false);
            if (plain && !loopback) {
                throw new SettingsException("Plain HTTP on " + host
                        + " would show tokens to the network: use TLS, or listen on a loopback address.");
            }
            Optional<RestServer.Tls> tls = plain
                    ? Optional.empty()
                    : Optional.of(tls(settings.path("rest.tls.certificate"), settings.path("rest.tls.key")));
            return new Options(
                    kafka,
                    settings.number("api.instance", 0),
                    new RestServer.Options(
                            host,
                            settings.number("rest.port", PORT),
                            tls,
                            throttles(settings),
                            settings.number("rest.connections.per.address", CONNECTIONS_PER_ADDRESS),
                            RestServer.Patience.USUAL),
                    new ApiSurfaces.Options(
                            new MessageLife(messageLife(settings)),
                            gateway(settings),
                            new StreamJobReach(
                                    StreamJobTopics.of(settings.text("stream.topics", "*")),
                                    EndpointAccess.from(settings)),
                            uploads(settings),
                            central(settings)),
                    HubHosts.of(settings.text("hub.hosts", "localhost")),
                    policies(settings, clock),
                    people(settings),
                    clock);
        }

        private static CentralOptions central(Settings settings) {
            int groups = settings.number("central.groups.most", MOST_GROUPS);
            if (groups < 1) {
                throw new SettingsException("central.groups.most is 1 or more, and not " + groups + ".");
            }
            return new CentralOptions(groups, settings.flag("jobs.resume.allowed", true));
        }

        private static UploadLimits uploads(Settings settings) {
            int mib = settings.number("artifacts.largest.mib", LARGEST_ARTIFACT_MIB);
            if (mib < 1 || mib > MOST_ARTIFACT_MIB) {
                throw new SettingsException(
                        "artifacts.largest.mib is 1 to " + MOST_ARTIFACT_MIB + ", and not " + mib + ".");
            }
            int total = settings.number("artifacts.total.mib", ARTIFACTS_MIB);
            if (total < mib) {
                throw new SettingsException(
                        "artifacts.total.mib is artifacts.largest.mib at least, and not " + total + ".");
            }
            return new UploadLimits((long) mib << 20, (long) total << 20);
        }

        private static Optional<OpenIdProvider.Options> people(Settings settings) {
            Optional<String> issuer = settings.optionalText("oidc.issuer");
            Optional<String> audience = settings.optionalText("oidc.audience");
            String rolesClaim = settings.text("oidc.roles.claim", "roles");
            Optional<Path> trust = settings.optionalPath("oidc.trust");
            if (issuer.isPresent() && audience.isEmpty()) {
                throw new SettingsException(
                        "oidc.audience is missing: a provider's tokens for other programs would open ours.");
            }
            try {
                return issuer.map(
                        address -> new OpenIdProvider.Options(address, audience.orElseThrow(), rolesClaim, trust));
            } catch (IllegalArgumentException e) {
                throw new SettingsException("oidc.issuer can't be used: " + e.getMessage() + ".");
            }
        }

        private static Map<Throttles.Kind, Integer> throttles(Settings settings) {
            Map<Throttles.Kind, Integer> perMinute = new EnumMap<>(Throttles.Kind.class);
            for (Throttles.Kind kind : Throttles.Kind.values()) {
                int limit = settings.number(
                        "throttle." + kind.name().toLowerCase(Locale.ROOT) + ".per.minute", kind.usualPerMinute());
                if (limit > 0) {
                    perMinute.put(kind, limit);
                }
            }
            return perMinute;
        }

        private static Duration messageLife(Settings settings) {
            Duration life = settings.duration("messages.life", MESSAGE_LIFE);
            if (!life.isPositive() || life.compareTo(LONGEST_MESSAGE_LIFE) > 0) {
                throw new SettingsException("messages.life is at most two days, and not " + life + ".");
            }
            return life;
        }

        private static Optional<GatewayTunnels.Options> gateway(Settings settings) {
            return settings.optionalText("websocket.gateway").map(text -> {
                int colon = text.lastIndexOf(':');
                if (colon < 1 || !text.substring(colon + 1).matches("\\d{1,5}")) {
                    throw new SettingsException("websocket.gateway is a host and a port, and not " + text + ".");
                }
                String host = text.substring(0, colon);
                String name = settings.text("websocket.gateway.name", host);
                Optional<GatewayTunnels.Tls> tls = settings.optionalText("websocket.gateway.trust")
                        .map(trust -> new GatewayTunnels.Tls(
                                trust.equals("system") ? Optional.empty() : Optional.of(Path.of(trust)), name));
                return new GatewayTunnels.Options(host, Integer.parseInt(text.substring(colon + 1)), tls);
            });
        }

        private static boolean isLoopback(String host) {
            try {
                return InetAddress.getByName(host).isLoopbackAddress();
            } catch (UnknownHostException e) {
                return false;
            }
        }

        private static RestServer.Tls tls(Path certificate, Path key) {
            for (Path file : List.of(certificate, key)) {
                if (!Files.isReadable(file)) {
                    throw new SettingsException("The file for TLS can't be read: " + file + ".");
                }
            }
            return new RestServer.Tls(certificate, key);
        }

        private static Supplier<SharedAccessPolicies> policies(Settings settings, InstantSource clock) {
            try {
                return ReloadedFile.ofPolicies(
                        settings.optionalText("policies"), settings.optionalPath("policies.file"), clock, LOG::info);
            } catch (IOException e) {
                throw new SettingsException("The shared access policies can't be used: " + e.getMessage() + ".");
            }
        }
    }

    private ApiService(
            RestServer server,
            Listener listener,
            SiteListener siteListener,
            KafkaRequests requests,
            KafkaArtifacts artifacts,
            WriterReview review,
            ArtifactSweeper sweeper) {
        this.review = review;
        this.server = server;
        this.listener = listener;
        this.siteListener = siteListener;
        this.requests = requests;
        this.artifacts = artifacts;
        this.sweeper = sweeper;
    }

    /** Starts it. @throws SettingsException when the port is taken, or the certificate can't be used */
    public static ApiService start(Options options, SchemaRegistry registry, PrometheusMeterRegistry meters) {
        Codecs codecs = new Codecs(registry);
        Views views = Views.empty();
        JobView jobs = views.jobs();
        register(jobs, meters);
        KafkaRequests requests =
                new KafkaRequests(options.kafka().clientProperties(), codecs, options.instance(), views, meters);
        Listener listener =
                new Listener(LogFollower.Source.of(options.kafka()), codecs, options.instance(), requests, views);
        KafkaArtifacts artifacts = new KafkaArtifacts(
                options.kafka().clientProperties(),
                codecs,
                options.surfaces().uploads().kept(),
                options.clock());
        SiteListener siteListener = new SiteListener(LogFollower.Source.of(options.kafka()), codecs, views, artifacts);
        ArtifactSweeper sweeper = new ArtifactSweeper(artifacts, views, siteListener::ready, options.clock());
        register(artifacts, options.surfaces().uploads().kept(), meters);
        ComputeMeters.register(views.nodes(), views.sites(), meters);
        listener.start();
        siteListener.start();
        sweeper.start();
        try {
            RestServer server = ApiSurfaces.serve(
                    options.rest(),
                    options.surfaces(),
                    new Gate(options.hosts(), options.policies(), people(options)),
                    requests,
                    requests::keep,
                    views,
                    artifacts,
                    new KafkaTaskOutputs(options.kafka().clientProperties(), codecs),
                    meters,
                    options.clock());
            WriterReview review =
                    new WriterReview(options.policies(), views.catalog(), views.schedules(), requests, options.clock());
            review.start(listener::ready);
            return new ApiService(server, listener, siteListener, requests, artifacts, review, sweeper);
        } catch (IOException e) {
            sweeper.close();
            listener.close();
            siteListener.close();
            requests.close();
            artifacts.close();
            throw new SettingsException(String.valueOf(e.getMessage()));
        }
    }

    private static void register(KafkaArtifacts artifacts, long most, MeterRegistry meters) {
        Gauge.builder("muster.artifacts.limit", () -> most)
                .description("Bytes that all artifacts may have together: the setting artifacts.total.mib")
                .baseUnit("bytes")
                .register(meters);
        Gauge.builder("muster.artifacts", artifacts, KafkaArtifacts::bytes)
                .description("Bytes of all artifacts; every instance knows all of them")
                .baseUnit("bytes")
                .register(meters);
    }

    static void register(JobView jobs, MeterRegistry meters) {
        for (JobStatus status : JobStatus.values()) {
            Gauge.builder("muster.jobs", jobs, view -> view.count(status))
                    .description("Jobs by state; every instance knows all of them")
                    .tag("status", status.name().toLowerCase(Locale.ROOT))
                    .register(meters);
        }
        Gauge.builder("muster.device.jobs.queued", jobs, JobView::queuedDeviceJobs)
                .description("Device jobs of running jobs that have not begun; every instance knows all of them")
                .register(meters);
    }

    private static Optional<PersonTokens> people(Options options) throws IOException {
        if (options.people().isEmpty()) {
            return Optional.empty();
        }
        OpenIdProvider.Options people = options.people().get();
        return Optional.of(new PersonTokens(
                people.issuer(),
                people.audience(),
                people.rolesClaim(),
                new OpenIdProvider(people.issuer(), people.authorities(), options.clock())));
    }

    public int port() {
        return server.port();
    }

    /** Returns whether it knows all jobs and sites, and hears replies. */
    public boolean ready() {
        return listener.ready() && siteListener.ready();
    }

    @Override
    public void close() {
        review.close();
        server.close();
        sweeper.close();
        listener.close();
        siteListener.close();
        requests.close();
        artifacts.close();
    }
}
