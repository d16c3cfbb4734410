package io.muster.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.ReloadedFile;
import io.muster.access.SharedAccessPolicies;
import io.muster.codec.Codecs;
import io.muster.gateway.connect.Authenticator;
import io.muster.gateway.connect.DeviceAuthorities;
import io.muster.gateway.kafka.FleetLink;
import io.muster.gateway.mqtt.Connections;
import io.muster.gateway.mqtt.MqttServer;
import io.muster.gateway.mqtt.MqttSettings;
import io.muster.registry.SchemaRegistry;
import io.muster.service.KafkaConnection;
import io.muster.service.Settings;
import io.muster.service.SettingsException;
import io.muster.service.Traces;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a gateway. */
public final class GatewayService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GatewayService.class);

    private final FleetLink fleet;
    private final MqttServer server;

    /** Holds the settings that it needs beside the registry. */
    public record Options(KafkaConnection kafka, int ordinal, MqttSettings mqtt) {
        private static final int MQTTS = 8883;

        /**
         * Reads {@code gateway.ordinal}, {@code hub.hosts}, {@code policies}, {@code policies.file}, {@code mqtt.host}, {@code mqtts.port}, {@code
         * mqtt.port}, {@code mqtt.proxied.port}, {@code mqtt.tls.certificate}, {@code mqtt.tls.key}, {@code mqtt.message.bytes}, {@code mqtt.connects.per.address},
         * {@code mqtt.refusals.per.address}, {@code mqtt.proxied.connects.per.address}, {@code mqtt.proxied.refusals.per.address}, {@code devices.ca.file} and {@code mqtt.plain.anywhere}.
         */
        public static Options from(Settings settings, KafkaConnection kafka, InstantSource clock) {
            String host = settings.text("mqtt.host", "127.0.0.1");
            Optional<Integer> plainPort = settings.optionalText("mqtt.port").map(_ -> settings.number("mqtt.port", 0));
            Optional<Integer> proxiedPort =
                    settings.optionalText("mqtt.proxied.port").map(_ -> settings.number("mqtt.proxied.port", 0));
            Optional<Path> certificate = settings.optionalPath("mqtt.tls.certificate");
            boolean plain = plainPort.isPresent() || (proxiedPort.isPresent() && certificate.isEmpty());
            boolean anywhere = settings.flag("mqtt.plain.anywhere", false);
            if (plain && !anywhere && !isLoopback(host)) {
                throw new SettingsException(
                        "Plain MQTT on " + host + " would show tokens to the network: leave mqtt.port"
                                + " out and name mqtt.tls.certificate, or say mqtt.plain.anywhere=true.");
            }
            MqttSettings.PerAddress direct = new MqttSettings.PerAddress(
                    settings.number("mqtt.connects.per.address", MqttSettings.PerAddress.USUAL.connects()),
                    settings.number("mqtt.refusals.per.address", MqttSettings.PerAddress.USUAL.refusals()));
            return new Options(
                    kafka,
                    settings.number("gateway.ordinal", 0),
                    new MqttSettings(
                            host,
                            settings.number("mqtts.port", MQTTS),
                            plainPort,
                            proxiedPort,
                            certificate.orElse(null),
                            settings.optionalPath("mqtt.tls.key").orElse(null),
                            new Authenticator(
                                    HubHosts.of(settings.text("hub.hosts", "localhost")),
                                    authorities(settings.optionalPath("devices.ca.file"), clock)),
                            policies(settings, clock),
                            clock,
                            settings.number("mqtt.message.bytes", MqttSettings.LARGEST_MESSAGE),
                            direct,
                            new MqttSettings.PerAddress(
                                    settings.number("mqtt.proxied.connects.per.address", direct.connects()),
                                    settings.number("mqtt.proxied.refusals.per.address", direct.refusals()))));
        }

        private static Supplier<DeviceAuthorities> authorities(Optional<Path> file, InstantSource clock) {
            if (file.isEmpty()) {
                DeviceAuthorities none = new DeviceAuthorities(List.of());
                return () -> none;
            }
            try {
                return ReloadedFile.open(file.get(), "device authorities", Options::load, clock, LOG::info);
            } catch (IOException e) {
                throw new SettingsException(
                        "The file of device authorities can't be used: " + file.get() + " (" + e.getMessage() + ").");
            }
        }

        private static DeviceAuthorities load(Path file) throws IOException {
            try (InputStream in = Files.newInputStream(file)) {
                return DeviceAuthorities.read(in);
            } catch (CertificateException e) {
                throw new IOException("it holds something else than certificates in PEM", e);
            }
        }

        private static boolean isLoopback(String host) {
            try {
                return InetAddress.getByName(host).isLoopbackAddress();
            } catch (java.net.UnknownHostException e) {
                return false;
            }
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

    private GatewayService(FleetLink fleet, MqttServer server) {
        this.fleet = fleet;
        this.server = server;
    }

    /**
     * Starts.
     *
     * @param fatal ends the process: is called when the gateway can't go on, with the reason
     * @throws SettingsException when a port is taken or a file can't be used
     */
    public static GatewayService start(
            Options options, SchemaRegistry registry, MeterRegistry meters, Traces traces, Consumer<String> fatal) {
        FleetLink fleet = new FleetLink(
                options.kafka(),
                new Codecs(registry),
                options.ordinal(),
                meters,
                traces,
                options.mqtt().clock(),
                fatal);
        InstantSource clock = options.mqtt().clock();
        Connections connections = new Connections(GatewayChannels.of(fleet, meters, clock), meters, clock);
        try {
            MqttServer server = new MqttServer(options.mqtt(), fleet, connections);
            fleet.start(connections);
            return new GatewayService(fleet, server);
        } catch (IOException e) {
            fleet.close();
            throw new SettingsException(String.valueOf(e.getMessage()));
        }
    }

    public boolean ready() {
        return fleet.ready();
    }

    public MqttServer server() {
        return server;
    }

    /** Takes no more deliveries, closes every connection, and reports that to the fleet: deliveries that were not handed over go to another gateway. */
    @Override
    public void close() {
        fleet.stopReading();
        server.close();
        fleet.close();
    }
}
