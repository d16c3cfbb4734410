package io.muster.service;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;

/** Makes the metrics of one process. */
public final class Meters {
    private static final double MILLIS = 1000;

    /** Describes our own meters to operators, where the code that counts does not. */
    private static final Map<String, String> DESCRIPTIONS = Map.ofEntries(
            Map.entry("muster.api.audit.lost", "Entries of the audit log that Kafka did not take"),
            Map.entry("muster.api.requests.outstanding", "Requests that wait for an answer over Kafka"),
            Map.entry("muster.device.job.events", "Events of device jobs by type, as they were counted"),
            Map.entry("muster.gateway.connections", "Devices that are connected to this gateway"),
            Map.entry("muster.gateway.connects", "Attempts of devices to connect, by result"),
            Map.entry("muster.gateway.deliveries", "Deliveries to devices by kind and result"),
            Map.entry("muster.gateway.packets.refused", "Packets of devices that were refused, by reason"),
            Map.entry("muster.gateway.received", "Messages of devices by kind"),
            Map.entry("muster.job.duration", "Time from the creation of a job to its end, by final state"),
            Map.entry("muster.jobs.refused", "Job commands that were refused, by reason"),
            Map.entry("muster.schedule.calls", "Calls of schedules that were carried out, by outcome"),
            Map.entry("muster.schedule.firings", "Times at which schedules gave their command"),
            Map.entry("muster.schedule.missed", "Times of schedules that were missed or postponed"),
            Map.entry("muster.webjobs.firings.missed", "Times of WebJobs' schedules that were missed"),
            Map.entry("muster.webjobs.refused", "Commands to sites of WebJobs that were refused, by reason"));

    /**
     * Lists the meters of Kafka's clients that are kept; there are thousands of others, one for each task, store and partition. A name ends as
     * Kafka's does, before Prometheus' suffixes.
     */
    private static final Set<String> KAFKA = Set.of(
            "kafka.consumer.fetch.manager.records.lag",
            "kafka.consumer.fetch.manager.records.consumed.total",
            "kafka.consumer.fetch.manager.bytes.consumed.total",
            "kafka.consumer.coordinator.rebalance.total",
            "kafka.consumer.coordinator.failed.rebalance.total",
            "kafka.consumer.coordinator.last.rebalance.seconds.ago",
            "kafka.producer.record.send.total",
            "kafka.producer.record.error.total",
            "kafka.producer.record.retry.total",
            "kafka.producer.request.latency.avg",
            "kafka.producer.request.latency.max",
            "kafka.producer.buffer.available.bytes",
            "kafka.producer.txn.commit.time.ns.total",
            "kafka.stream.alive.stream.threads",
            "kafka.stream.failed.stream.threads",
            "kafka.stream.thread.commit.latency.avg",
            "kafka.stream.thread.commit.latency.max",
            "kafka.stream.thread.process.latency.avg",
            "kafka.stream.thread.process.latency.max",
            "kafka.stream.thread.process.total",
            "kafka.stream.thread.task.created.total",
            "kafka.stream.thread.task.closed.total",
            "kafka.stream.task.dropped.records.total",
            "kafka.stream.state.estimate.num.keys",
            "kafka.stream.state.total.sst.files.size",
            "kafka.stream.state.block.cache.usage",
            "kafka.stream.state.cur.size.all.mem.tables",
            "kafka.stream.state.estimate.table.readers.mem",
            "kafka.stream.state.restore.total");

    /** Begins the meters that Kafka Streams labels with a store's kind: Prometheus wants the same labels in all of a family. */
    private static final String STATE = "kafka.stream.state.";

    private static final String STORE_ID = ".state.id";

    private Meters() {}

    /** Returns a registry with the JVM's own metrics, each tagged with the service's name. */
    @SuppressWarnings("resource") // The binder of pauses lives as long as the process.
    public static PrometheusMeterRegistry create(String service) {
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        meters.config().commonTags("service", service).meterFilter(new OfOurs()).meterFilter(new OfKafka());
        new JvmMemoryMetrics().bindTo(meters);
        new JvmGcMetrics().bindTo(meters);
        new JvmThreadMetrics().bindTo(meters);
        new ProcessorMetrics().bindTo(meters);
        new FileDescriptorMetrics().bindTo(meters);
        new UptimeMetrics().bindTo(meters);
        Gauge.builder("muster.build.info", () -> 1)
                .description("The version that runs; always 1")
                .tag("version", version())
                .tag("java", Runtime.version().toString())
                .register(meters);
        return meters;
    }

    /** Returns the version of this build. */
    static String version() {
        try (InputStream file = Meters.class.getResourceAsStream("version.properties")) {
            Properties properties = new Properties();
            properties.load(Objects.requireNonNull(file, "version.properties"));
            return Objects.requireNonNull(properties.getProperty("version"), "version");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Says when a certificate ends, as the file says it at each scrape; NaN while it can't be read.
     *
     * @param chain PEM, the server's own certificate first
     * @param of what it is shown for
     */
    public static void certificate(PrometheusMeterRegistry meters, Path chain, String of) {
        Gauge.builder("muster.certificate.expiry.timestamp", chain, Meters::expiry)
                .description("When the certificate that is shown ends, in seconds since 1970")
                .baseUnit("seconds")
                .tag("certificate", of)
                .register(meters);
    }

    private static double expiry(Path chain) {
        try (InputStream file = Files.newInputStream(chain)) {
            X509Certificate first =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(file);
            return first.getNotAfter().getTime() / MILLIS;
        } catch (IOException | GeneralSecurityException e) {
            return Double.NaN;
        }
    }

    /** Describes our own meters. */
    private static final class OfOurs implements MeterFilter {
        @Override
        public Meter.Id map(Meter.Id id) {
            String description = DESCRIPTIONS.get(id.getName());
            return description == null
                    ? id
                    : new Meter.Id(
                            id.getName(), Tags.of(id.getTagsAsIterable()), id.getBaseUnit(), description, id.getType());
        }
    }

    /** Keeps what is wanted, with labels that Prometheus takes. */
    private static final class OfKafka implements MeterFilter {
        @Override
        public MeterFilterReply accept(Meter.Id id) {
            return !id.getName().startsWith("kafka.") || KAFKA.contains(id.getName())
                    ? MeterFilterReply.NEUTRAL
                    : MeterFilterReply.DENY;
        }

        @Override
        public Meter.Id map(Meter.Id id) {
            if (!id.getName().startsWith(STATE)) {
                return id;
            }
            List<Tag> tags = id.getTags().stream()
                    .map(tag -> tag.getKey().endsWith(STORE_ID) ? Tag.of("store", tag.getValue()) : tag)
                    .toList();
            return id.replaceTags(tags);
        }
    }
}
