package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.AuthenticationType;
import io.muster.records.Capability;
import io.muster.records.CloseConnection;
import io.muster.records.CloudMessage;
import io.muster.records.ConnectionTerms;
import io.muster.records.CountDevices;
import io.muster.records.CreateJob;
import io.muster.records.Credentials;
import io.muster.records.DeleteDevice;
import io.muster.records.DesiredChanged;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceCounts;
import io.muster.records.DeviceDisconnected;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceMethod;
import io.muster.records.DevicePage;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.DeviceRefused;
import io.muster.records.DeviceSettings;
import io.muster.records.DeviceStatus;
import io.muster.records.DeviceView;
import io.muster.records.GetDevice;
import io.muster.records.InvokeMethod;
import io.muster.records.JobDefinition;
import io.muster.records.JobStatus;
import io.muster.records.ListDevices;
import io.muster.records.ListModules;
import io.muster.records.MessageAcknowledged;
import io.muster.records.MessageQueued;
import io.muster.records.MessageRequest;
import io.muster.records.MessagesPurged;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodRequest;
import io.muster.records.MethodResult;
import io.muster.records.PatchTwin;
import io.muster.records.PurgeMessages;
import io.muster.records.QueryFleet;
import io.muster.records.RequestConnection;
import io.muster.records.SendMessage;
import io.muster.records.TwinPatch;
import io.muster.records.UpdateDevice;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Drives modules of devices, and messages to devices. Contract: iot-hub, 1.9 and 4.4. */
class ModulesAndMessagesTest {
    private static final Capability METHODS = Capability.METHODS;
    private static final Capability DESIRED = Capability.DESIRED_CHANGES;
    private static final Capability MESSAGES = Capability.MESSAGES;

    private final PlannerDriver planner = new PlannerDriver();

    @AfterEach
    void close() {
        planner.close();
    }

    private Object create(String id, String tags) {
        planner.create(id, tags);
        return planner.lastReply();
    }

    private static void isRefused(Object outcome, DeviceRefusalReason reason) {
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        DeviceRefused.class,
                        refusal -> assertThat(refusal.getReason()).isEqualTo(reason));
    }

    @Test
    void removesModulesWithTheirDevice() {
        isRefused(create("d/m", null), DeviceRefusalReason.NOT_FOUND);
        create("d", null);
        assertThat(create("d/m", "{\"a\":1}"))
                .isInstanceOfSatisfying(
                        DeviceView.class,
                        view -> assertThat(view.getDevice().getDeviceId()).isEqualTo("d/m"));
        isRefused(create("d/m", null), DeviceRefusalReason.MODULE_ALREADY_EXISTS);
        isRefused(create("d/m/n", null), DeviceRefusalReason.INVALID);
        create("d-2", null);
        create("d/a", null);
        planner.device("d", new ListModules());
        assertThat(((DevicePage) planner.lastReply()).getDevices())
                .extracting(view -> view.getDevice().getDeviceId())
                .containsExactly("d/a", "d/m");

        planner.list(new CountDevices());
        assertThat(((DeviceCounts) planner.lastReply()).getTotal()).isEqualTo(2);
        planner.list(new ListDevices(null, 10));
        assertThat(((DevicePage) planner.lastReply()).getDevices()).hasSize(2);

        planner.device("d/m", new PatchTwin(new TwinPatch("*", "{\"b\":2}", null)));
        assertThat(planner.get("d/m").getDevice().getTwin().getTags()).isEqualTo("{\"a\":1,\"b\":2}");
        assertThat(planner.get("d").getDevice().getTwin().getTags()).isEqualTo("{}");

        planner.device("d", new DeleteDevice(null));
        planner.device("d/m", new GetDevice());
        isRefused(planner.lastReply(), DeviceRefusalReason.MODULE_NOT_FOUND);
        planner.device("d", new ListModules());
        isRefused(planner.lastReply(), DeviceRefusalReason.NOT_FOUND);
    }

    @Test
    void limitsADeviceToFiftyModules() {
        create("d", null);
        for (int i = 0; i < 50; i++) {
            assertThat(create("d/m" + i, null)).isInstanceOf(DeviceView.class);
        }
        isRefused(create("d/one-more", null), DeviceRefusalReason.TOO_MANY_MODULES);
    }

    @Test
    void connectsAndCallsAModuleByItself() {
        create("d", null);
        create("d/m", null);
        long device = planner.connect("d", METHODS);
        long module = planner.connect("d/m", METHODS, DESIRED);
        assertThat(planner.delivered(CloseConnection.class)).isEmpty();
        planner.list(new CountDevices());
        assertThat(((DeviceCounts) planner.lastReply()).getConnected()).isEqualTo(1);

        planner.device("d/m", new InvokeMethod(new DeviceMethod("reboot", "null", 30, 0)));
        assertThat(planner.deliveries().getLast().getDeviceId()).isEqualTo("d/m");
        MethodRequest request = planner.delivered(MethodRequest.class).getLast();
        assertThat(request.getEpoch()).isEqualTo(module).isNotEqualTo(device);
        planner.report(
                "d/m",
                new MethodAnswered(
                        request.getDeliveryId(), 200, ByteBuffer.wrap("5".getBytes(StandardCharsets.UTF_8))));
        assertThat(planner.lastReply()).isEqualTo(new MethodResult(200, "5"));

        planner.device("d/m", new PatchTwin(new TwinPatch("*", null, "{\"x\":1}")));
        assertThat(planner.delivered(DesiredChanged.class)).hasSize(1);

        planner.device("d", new UpdateDevice("*", PlannerDriver.settings(DeviceStatus.DISABLED)));
        assertThat(planner.delivered(CloseConnection.class))
                .extracting(CloseConnection::getEpoch)
                .containsExactlyInAnyOrder(device, module);
        planner.report("d/m", new RequestConnection());
        assertThat(planner.delivered(ConnectionTerms.class).getLast().getStatus())
                .isEqualTo(DeviceStatus.DISABLED);
    }

    /** Gives the gateway the device's keys too, by which a module may prove itself. Contract: iot-hub, section 8. */
    @Test
    void namesTheKeysOfItsDeviceForAModule() {
        create("d", null);
        create("d/m", null);
        planner.report("d", new RequestConnection());
        ConnectionTerms device = planner.delivered(ConnectionTerms.class).getLast();
        assertThat(device.getCredentials()).isNotNull();
        assertThat(device.getDeviceCredentials()).isNull();
        planner.report("d/m", new RequestConnection());
        ConnectionTerms module = planner.delivered(ConnectionTerms.class).getLast();
        assertThat(module.getDeviceCredentials()).isEqualTo(device.getCredentials());
    }

    /** Keeps the model that a CONNECT names, until another one names another. Contract: iot-hub, section 8. */
    @Test
    void keepsTheModelThatADeviceConnectsWith() {
        create("d", null);
        for (String model : Arrays.asList("dtmi:com:test:e2e;1", null, "dtmi:com:test:e2e;2")) {
            planner.report("d", new RequestConnection());
            long epoch = planner.delivered(ConnectionTerms.class).getLast().getEpoch();
            planner.report("d", new DeviceConnected(epoch, true, model));
            planner.advance(Duration.ofMillis(10));
            String known = model == null ? "dtmi:com:test:e2e;1" : model;
            planner.device("d", new GetDevice());
            assertThat(((DeviceView) planner.lastReply()).getDevice().getModelId())
                    .isEqualTo(known);
            assertThat(ids("SELECT * FROM devices WHERE modelId = '" + known + "'"))
                    .containsExactly("d");
        }
    }

    /** Connects a device by a policy's token: it has no credentials of its own. Contract: iot-hub, 1.1. */
    @Test
    void keepsTheConnectionOfADeviceWithoutCredentialsOfItsOwn() {
        create("d", null);
        DeviceSettings settings = DeviceSettings.newBuilder(PlannerDriver.settings(DeviceStatus.ENABLED))
                .setCredentials(Credentials.newBuilder()
                        .setType(AuthenticationType.NONE)
                        .build())
                .build();
        planner.device("d", new UpdateDevice("*", settings));
        planner.connect("d", METHODS);
        assertThat(planner.delivered(CloseConnection.class)).isEmpty();
        planner.list(new CountDevices());
        assertThat(((DeviceCounts) planner.lastReply()).getConnected()).isEqualTo(1);
    }

    @Test
    void queriesModulesAndRunsJobsOnThem() {
        create("d", "{\"a\":1}");
        create("d/m", "{\"a\":1}");
        create("d/n", "{\"a\":2}");
        create("e", "{\"a\":1}");
        planner.advance(Duration.ofMillis(10));
        assertThat(ids("SELECT * FROM devices WHERE tags.a = 1")).containsExactly("d", "e");
        assertThat(ids("SELECT * FROM devices.modules WHERE tags.a = 1")).containsExactly("d/m");
        assertThat(ids("SELECT * FROM devices.modules WHERE devices.modules.deviceId = 'd'"))
                .containsExactly("d/m", "d/n");
        assertThat(ids("SELECT * FROM devices.modules WHERE moduleId = 'n'")).containsExactly("d/n");
        assertThat(ids("SELECT * FROM devices.modules")).containsExactly("d/m", "d/n");
        assertThat(ids("SELECT * FROM devices")).containsExactly("d", "e");

        planner.job(
                "j",
                new CreateJob(new JobDefinition(
                        "j",
                        new TwinPatch("*", "{\"b\":1}", null),
                        "FROM devices.modules WHERE tags.a >= 1",
                        null,
                        60,
                        null)));
        assertThat(planner.jobDocument("j").getStatus()).isEqualTo(JobStatus.COMPLETED);
        assertThat(planner.events("j", "d/m")).containsExactly(new DeviceJobCompleted(null, null));
        assertThat(planner.events("j", "d")).isEmpty();
        assertThat(planner.get("d/n").getDevice().getTwin().getTags()).isEqualTo("{\"a\":2,\"b\":1}");
    }

    private List<String> ids(String query) {
        planner.list(new QueryFleet(query, null, 100));
        return ((DevicePage) planner.lastReply())
                .getDevices().stream()
                        .map(view -> view.getDevice().getDeviceId())
                        .toList();
    }

    private CloudMessage message(String body, Duration life) {
        return new CloudMessage(
                Map.of("$.mid", body),
                ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)),
                planner.now().plus(life));
    }

    private void send(String body) {
        planner.device("d", new SendMessage(message(body, Duration.ofHours(1))));
    }

    private List<String> handed(long epoch) {
        return planner.delivered(MessageRequest.class).stream()
                .filter(request -> request.getEpoch() == epoch)
                .map(request ->
                        String.valueOf(request.getMessage().getProperties().get("$.mid")))
                .toList();
    }

    @Test
    void deliversAMessageUntilItIsAcknowledged() {
        create("d", null);
        send("one");
        assertThat(planner.lastReply()).isEqualTo(new MessageQueued(1));
        send("two");
        assertThat(planner.get("d").getQueuedMessages()).isEqualTo(2);
        long first = planner.connect("d", METHODS);
        assertThat(handed(first)).isEmpty();
        planner.report("d", PlannerDriver.takes(first, METHODS, MESSAGES));
        assertThat(handed(first)).containsExactly("one", "two");
        assertThat(planner.connection("d").getCapabilities()).containsExactly(METHODS, MESSAGES);
        send("three");
        assertThat(handed(first)).containsExactly("one", "two", "three");
        planner.report(
                "d",
                new MessageAcknowledged(
                        planner.delivered(MessageRequest.class).get(1).getNumber()));
        planner.report("d", new DeviceDisconnected(first));

        long second = planner.connect("d");
        assertThat(handed(second)).containsExactly("one", "three");
        planner.delivered(MessageRequest.class)
                .forEach(request -> planner.report("d", new MessageAcknowledged(request.getNumber())));
        assertThat(planner.get("d").getQueuedMessages()).isZero();
        long third = planner.connect("d");
        assertThat(handed(third)).isEmpty();
    }

    @Test
    void deliversAgainToWhoSubscribesAgain() {
        create("d", null);
        long epoch = planner.connect("d", MESSAGES);
        send("one");
        planner.report("d", PlannerDriver.takes(epoch, METHODS));
        planner.report("d", PlannerDriver.takes(epoch, METHODS, MESSAGES));
        assertThat(handed(epoch)).containsExactly("one", "one");
        planner.report("d", PlannerDriver.takes(epoch, MESSAGES));
        assertThat(handed(epoch)).hasSize(2);
    }

    @Test
    void limitsMessagesInNumberSizeAndLife() {
        create("d", null);
        for (int i = 0; i < 50; i++) {
            planner.device("d", new SendMessage(message("m" + i, Duration.ofSeconds(i < 10 ? 5 : 60))));
        }
        send("one more");
        isRefused(planner.lastReply(), DeviceRefusalReason.QUEUE_FULL);
        planner.advance(Duration.ofSeconds(6));
        send("one more");
        assertThat(planner.lastReply()).isEqualTo(new MessageQueued(41));
        planner.advance(Duration.ofMinutes(11));
        assertThat(planner.get("d").getQueuedMessages()).isEqualTo(1);
        planner.device("d", new PurgeMessages());
        assertThat(planner.lastReply()).isEqualTo(new MessagesPurged(1));
        planner.device("d", new PurgeMessages());
        assertThat(planner.lastReply()).isEqualTo(new MessagesPurged(0));

        planner.device("d", new SendMessage(message("x".repeat(65_536), Duration.ofHours(1))));
        isRefused(planner.lastReply(), DeviceRefusalReason.TOO_LARGE);
        planner.device("d", new SendMessage(message("late", Duration.ZERO)));
        isRefused(planner.lastReply(), DeviceRefusalReason.INVALID);
        planner.device("d", new SendMessage(message("for ever", Duration.ofDays(3))));
        isRefused(planner.lastReply(), DeviceRefusalReason.INVALID);
        planner.device("nobody", new SendMessage(message("x", Duration.ofHours(1))));
        isRefused(planner.lastReply(), DeviceRefusalReason.NOT_FOUND);
    }

    @Test
    void removesMessagesWithTheirDevice() {
        create("d", null);
        send("one");
        planner.device("d", new DeleteDevice(null));
        create("d", null);
        assertThat(planner.get("d").getQueuedMessages()).isZero();
    }
}
