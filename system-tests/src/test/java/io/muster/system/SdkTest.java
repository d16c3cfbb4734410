package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.azure.core.credential.AzureSasCredential;
import com.microsoft.azure.sdk.iot.service.ProxyOptions;
import com.microsoft.azure.sdk.iot.service.exceptions.ErrorCodeDescription;
import com.microsoft.azure.sdk.iot.service.exceptions.IotHubConflictException;
import com.microsoft.azure.sdk.iot.service.exceptions.IotHubNotFoundException;
import com.microsoft.azure.sdk.iot.service.exceptions.IotHubPreconditionFailedException;
import com.microsoft.azure.sdk.iot.service.jobs.ScheduledJob;
import com.microsoft.azure.sdk.iot.service.jobs.ScheduledJobStatus;
import com.microsoft.azure.sdk.iot.service.jobs.ScheduledJobType;
import com.microsoft.azure.sdk.iot.service.jobs.ScheduledJobsClient;
import com.microsoft.azure.sdk.iot.service.jobs.ScheduledJobsClientOptions;
import com.microsoft.azure.sdk.iot.service.methods.DirectMethodRequestOptions;
import com.microsoft.azure.sdk.iot.service.methods.DirectMethodsClient;
import com.microsoft.azure.sdk.iot.service.methods.DirectMethodsClientOptions;
import com.microsoft.azure.sdk.iot.service.query.JobQueryResponse;
import com.microsoft.azure.sdk.iot.service.query.QueryClient;
import com.microsoft.azure.sdk.iot.service.query.QueryPageOptions;
import com.microsoft.azure.sdk.iot.service.query.RawQueryResponse;
import com.microsoft.azure.sdk.iot.service.query.TwinQueryResponse;
import com.microsoft.azure.sdk.iot.service.registry.Device;
import com.microsoft.azure.sdk.iot.service.registry.DeviceStatus;
import com.microsoft.azure.sdk.iot.service.registry.Module;
import com.microsoft.azure.sdk.iot.service.registry.RegistryClient;
import com.microsoft.azure.sdk.iot.service.registry.RegistryClientOptions;
import com.microsoft.azure.sdk.iot.service.registry.RegistryStatistics;
import com.microsoft.azure.sdk.iot.service.twin.Twin;
import com.microsoft.azure.sdk.iot.service.twin.TwinClient;
import com.microsoft.azure.sdk.iot.service.twin.TwinClientOptions;
import io.muster.access.ConnectionString;
import io.muster.access.SharedAccessSignature;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.standalone.RestClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.HttpsURLConnection;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs the public SDKs of IoT Hub, unmodified. Contract: iot-hub, section 6. */
class SdkTest {
    private static RunningMuster muster;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.get();
    }

    @Test
    void npmAzureIothubAndAzureIotDeviceMqtt() throws Exception {
        Path folder = NodeModules.installed();
        SelfSigned certificate = SelfSigned.make("device");
        SelfSigned signed = signed("signed-device");
        String said = run(
                folder,
                120,
                "node",
                "fleet.js",
                ConnectionString.ofPolicy("localhost", "iothubowner", muster.key("iothubowner"))
                        .text(),
                Integer.toString(muster.standalone.options().restPort()),
                Integer.toString(muster.standalone.options().mqttPort()),
                muster.standalone.caFile().toString(),
                certificate.certificate().toString(),
                certificate.key().toString(),
                "signed-device",
                signed.certificate().toString(),
                signed.key().toString());
        assertThat(said).contains("the fleet is served");
    }

    /** Makes a certificate of an authority that the hub is given. */
    private static SelfSigned signed(String deviceId) throws Exception {
        Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "authority");
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        List<String> store = List.of("-storetype", "PKCS12", "-keystore", "store.p12", "-storepass", "changeit");
        keytool(
                keytool,
                folder,
                store,
                "-genkeypair",
                "-alias",
                "ca",
                "-keyalg",
                "EC",
                "-dname",
                "CN=Device CA",
                "-ext",
                "bc:c");
        keytool(keytool, folder, store, "-genkeypair", "-alias", "device", "-keyalg", "EC", "-dname", "CN=" + deviceId);
        keytool(keytool, folder, store, "-certreq", "-alias", "device", "-file", "device.csr");
        keytool(
                keytool,
                folder,
                store,
                "-gencert",
                "-alias",
                "ca",
                "-infile",
                "device.csr",
                "-outfile",
                "device.pem",
                "-rfc");
        keytool(keytool, folder, store, "-exportcert", "-alias", "ca", "-file", "ca.pem", "-rfc");
        Files.writeString(muster.standalone.deviceAuthorities(), Files.readString(folder.resolve("ca.pem")));
        KeyStore made = KeyStore.getInstance(folder.resolve("store.p12").toFile(), "changeit".toCharArray());
        return new SelfSigned(
                folder.resolve("device.pem"),
                SelfSigned.pem(
                        folder,
                        "PRIVATE KEY",
                        made.getKey("device", "changeit".toCharArray()).getEncoded()));
    }

    private static void keytool(String keytool, Path folder, List<String> store, String... what) throws Exception {
        List<String> command = new ArrayList<>(List.of(keytool));
        command.addAll(List.of(what));
        command.addAll(store);
        run(folder, 60, command.toArray(String[]::new));
    }

    private static String run(Path folder, int seconds, String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(seconds, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return said;
    }

    @Test
    void mavenIotServiceClient() throws Exception {
        trustDevelopmentCa();
        String host = "localhost:" + muster.standalone.options().restPort();
        AzureSasCredential credential = new AzureSasCredential(SharedAccessSignature.sign(
                host, muster.key("iothubowner"), "iothubowner", Instant.now().plusSeconds(3600)));

        RegistryClient registry = new RegistryClient(host, credential);
        Device created = registry.addDevice(new Device("java-1"));
        assertThat(created.getPrimaryKey()).isNotBlank();
        assertThat(registry.getDevice("java-1").getDeviceId()).isEqualTo("java-1");

        Module camera = registry.addModule(new Module("java-1", "camera"));
        assertThat(camera.getPrimaryKey()).isNotBlank();
        assertThat(registry.updateModule(camera).getId()).isEqualTo("camera");
        assertThat(registry.getModule("java-1", "camera").getId()).isEqualTo("camera");
        assertThat(registry.getModulesOnDevice("java-1")).hasSize(1);
        Twin cameraTwin = new TwinClient(host, credential).get("java-1", "camera");
        cameraTwin.getTags().put("lens", "wide");
        assertThat(new TwinClient(host, credential).patch(cameraTwin).getModuleId())
                .isEqualTo("camera");
        registry.removeModule("java-1", "camera");

        RegistryStatistics statistics = registry.getStatistics();
        assertThat(statistics.getTotalDeviceCount()).isPositive();
        assertThat(statistics.getEnabledDeviceCount() + statistics.getDisabledDeviceCount())
                .isEqualTo(statistics.getTotalDeviceCount());

        TwinClient twins = new TwinClient(host, credential);
        Twin twin = twins.get("java-1");
        twin.getTags().put("maker", "java");
        twin.getDesiredProperties().put("rate", 3);
        assertThat(twins.patch(twin).getTags()).containsEntry("maker", "java");

        try (SimulatedFleet fleet = muster.connect(List.of("java-1"), Behaviour.PERFECT)) {
            await().until(() -> fleet.counters().connected() == 1);
            DirectMethodRequestOptions options = DirectMethodRequestOptions.builder()
                    .payload("hello")
                    .methodResponseTimeoutSeconds(10)
                    .methodConnectTimeoutSeconds(5)
                    .build();
            assertThat(new DirectMethodsClient(host, credential)
                            .invoke("java-1", "ping", options)
                            .getStatus())
                    .isEqualTo(200);

            ScheduledJobsClient jobs = new ScheduledJobsClient(host, credential);
            jobs.scheduleDirectMethod("java-method", "tags.maker = 'java'", "ping", new Date());
            assertThat(completed(jobs, "java-method").getJobStatistics().getSucceededCount())
                    .isEqualTo(1);
            Twin update = new Twin();
            update.getTags().put("seen", true);
            jobs.scheduleUpdateTwin("java-twin", "tags.maker = 'java'", update, new Date(), 60);
            assertThat(completed(jobs, "java-twin").getJobStatistics().getDeviceCount())
                    .isEqualTo(1);
            assertThat(twins.get("java-1").getTags()).containsEntry("seen", true);
        }
        QueryClient queries = new QueryClient(host, credential);
        TwinQueryResponse found = queries.queryTwins("SELECT * FROM devices WHERE tags.maker = 'java'");
        assertThat(found.next().getDeviceId()).isEqualTo("java-1");
        assertThat(found.hasNext()).isFalse();
        RawQueryResponse counted = queries.queryRaw("SELECT COUNT() AS n FROM devices WHERE tags.maker = 'java'");
        assertThat(counted.next()).isEqualTo("{\"n\":1}");
        JobQueryResponse deviceJobs = queries.queryJobs(
                "SELECT * FROM devices.jobs WHERE devices.jobs.jobId IN ['java-method', 'java-twin']",
                QueryPageOptions.builder().pageSize(1).build());
        ScheduledJob method = deviceJobs.next();
        assertThat(method.getDeviceId()).isEqualTo("java-1");
        assertThat(method.getOutcomeResult().getStatus()).isEqualTo(200);
        assertThat(deviceJobs.next().getJobId()).isEqualTo("java-twin");
        assertThat(deviceJobs.hasNext()).isFalse();
        registry.removeDevice("java-1");
    }

    /** Connects with a true connection string: the host's port is fixed, and a proxy leads to ours. */
    @Test
    void mavenIotServiceClientMeetsConditionsAndErrors() throws Exception {
        trustDevelopmentCa();
        String hub = ConnectionString.ofPolicy("localhost", "iothubowner", muster.key("iothubowner"))
                .text();
        try (PortProxy toRest = PortProxy.to(muster.standalone.options().restPort())) {
            ProxyOptions proxy = new ProxyOptions(toRest.asHttpProxy());
            RegistryClient registry = new RegistryClient(
                    hub, RegistryClientOptions.builder().proxyOptions(proxy).build());
            TwinClient twins = new TwinClient(
                    hub, TwinClientOptions.builder().proxyOptions(proxy).build());
            ScheduledJobsClient jobs = new ScheduledJobsClient(
                    hub,
                    ScheduledJobsClientOptions.builder().proxyOptions(proxy).build());
            DirectMethodsClient methods = new DirectMethodsClient(
                    hub,
                    DirectMethodsClientOptions.builder().proxyOptions(proxy).build());

            Device created = registry.addDevice(new Device("java-2"));
            assertThatThrownBy(() -> registry.addDevice(new Device("java-2")))
                    .isInstanceOf(IotHubConflictException.class);
            assertThatThrownBy(() -> registry.getDevice("nobody")).isInstanceOf(IotHubNotFoundException.class);
            Device disabled = registry.getDevice("java-2");
            disabled.setStatus(DeviceStatus.Disabled);
            assertThat(registry.updateDevice(disabled).getStatus()).isEqualTo(DeviceStatus.Disabled);
            assertThatThrownBy(() -> registry.removeDevice(created))
                    .isInstanceOf(IotHubPreconditionFailedException.class);

            Twin twin = twins.get("java-2");
            twin.getTags().put("maker", "java-2");
            twin.getDesiredProperties().put("rate", 3);
            twins.patch(twin);
            Twin other = new Twin("java-2");
            other.getTags().put("owner", "me");
            assertThatThrownBy(() -> twins.replace(other, twin.getETag()))
                    .isInstanceOf(IotHubPreconditionFailedException.class);
            Twin replaced = twins.replace(other, twins.get("java-2").getETag());
            assertThat(replaced.getTags()).containsOnlyKeys("owner");
            assertThat(replaced.getDesiredProperties()).isEmpty();

            DirectMethodRequestOptions impatient = DirectMethodRequestOptions.builder()
                    .methodConnectTimeoutSeconds(1)
                    .build();
            assertThatThrownBy(() -> methods.invoke("java-2", "ping", impatient))
                    .isInstanceOfSatisfying(
                            IotHubNotFoundException.class,
                            error -> assertThat(error.getErrorCodeDescription())
                                    .isEqualTo(ErrorCodeDescription.DeviceNotOnline));

            Date later = Date.from(Instant.now().plusSeconds(3600));
            jobs.scheduleDirectMethod("java-later", "tags.owner = 'me'", "ping", later);
            assertThatThrownBy(() -> jobs.scheduleDirectMethod("java-later", "tags.owner = 'me'", "ping", later))
                    .isInstanceOf(IotHubConflictException.class);
            assertThat(jobs.get("java-later").getJobStatus()).isEqualTo(ScheduledJobStatus.scheduled);
            assertThat(jobs.cancel("java-later").getJobStatus()).isEqualTo(ScheduledJobStatus.cancelled);
            assertThatThrownBy(() -> jobs.get("no-job")).isInstanceOf(IotHubNotFoundException.class);
            jobs.scheduleUpdateTwin("java-wrong", "tags.owner =", other, new Date(), 60);
            ScheduledJob wrong =
                    await().until(() -> jobs.get("java-wrong"), job -> job.getJobStatus() == ScheduledJobStatus.failed);
            assertThat(wrong.getFailureReason()).startsWith("SQL query parse failed");
            JobQueryResponse failed = jobs.query(
                    ScheduledJobType.scheduleUpdateTwin,
                    ScheduledJobStatus.failed,
                    QueryPageOptions.builder().pageSize(1).build());
            List<String> ids = new ArrayList<>();
            while (failed.hasNext()) {
                ids.add(failed.next().getJobId());
            }
            assertThat(ids).contains("java-wrong").doesNotContain("java-later");

            registry.removeDevice(registry.getDevice("java-2"));
            assertThatThrownBy(() -> twins.get("java-2")).isInstanceOf(IotHubNotFoundException.class);
        }
    }

    private static ScheduledJob completed(ScheduledJobsClient jobs, String id) {
        return await().atMost(Duration.ofSeconds(30))
                .until(() -> jobs.get(id), job -> job.getJobStatus() == ScheduledJobStatus.completed);
    }

    /** Changes the JDK's default, since the SDK has no option for it. */
    private static void trustDevelopmentCa() throws Exception {
        HttpsURLConnection.setDefaultSSLSocketFactory(
                RestClient.trusting(muster.standalone.caFile()).getSocketFactory());
    }
}
