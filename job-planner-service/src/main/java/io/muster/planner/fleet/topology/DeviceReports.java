package io.muster.planner.fleet.topology;

import io.muster.document.IdentityId;
import io.muster.planner.fleet.Identities;
import io.muster.planner.fleet.Refusals;
import io.muster.planner.fleet.TwinChange;
import io.muster.planner.fleet.TwinEdit;
import io.muster.records.Capability;
import io.muster.records.CloseConnection;
import io.muster.records.ConnectionTerms;
import io.muster.records.Device;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceDisconnected;
import io.muster.records.DeviceRefused;
import io.muster.records.DeviceReport;
import io.muster.records.GatewayHeartbeat;
import io.muster.records.MessageAcknowledged;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodReport;
import io.muster.records.MethodUnanswered;
import io.muster.records.MethodUndelivered;
import io.muster.records.PartitionProbe;
import io.muster.records.PatchReported;
import io.muster.records.ReportedAnswer;
import io.muster.records.RequestConnection;
import io.muster.records.RequestTwin;
import io.muster.records.SubscriptionsChanged;
import io.muster.records.Twin;
import io.muster.records.TwinAnswer;
import io.muster.service.InvalidRecordException;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes reports of gateways about devices. Ignores those of a connection that was superseded. For one task. */
final class DeviceReports {
    private final DeviceTable devices;
    private final ConnectionTable connections;
    private final WorkRunner runner;
    private final MessageTable messages;
    private final TwinWriter twins;
    private final PoolMembership pools;
    private final FleetOutbox outbox;
    private final Chores chores;

    DeviceReports(DevicePartition partition) {
        this.devices = partition.devices();
        this.connections = partition.connections();
        this.runner = partition.runner();
        this.messages = partition.messages();
        this.twins = partition.twins();
        this.pools = partition.pools();
        this.outbox = partition.outbox();
        this.chores = partition.chores();
    }

    /**
     * Applies a report to the device that it is about.
     *
     * @param deviceId the report's; a heartbeat has none and may give anything
     * @throws InvalidRecordException when no gateway can have written it
     */
    void handle(DeviceReport report, String deviceId, long number, Instant now) throws InvalidRecordException {
        heard(report, now);
        switch (report.getReport()) {
            case GatewayHeartbeat _, PartitionProbe _ -> {}
            case RequestConnection _ -> terms(report, deviceId, number, now);
            case DeviceConnected connected -> connected(report, deviceId, connected, number, now);
            case DeviceDisconnected disconnected -> disconnected(deviceId, disconnected, now);
            case SubscriptionsChanged changed -> subscriptions(deviceId, changed, now);
            case MessageAcknowledged acknowledged -> messages.acknowledged(deviceId, acknowledged.getNumber());
            case RequestTwin request -> twin(report, deviceId, request, now);
            case PatchReported patch -> reported(report, deviceId, patch, now);
            case Object unknown -> throw new IllegalStateException("not a report, class=" + unknown.getClass());
        }
    }

    /** Notes that the gateway lives. */
    void heard(DeviceReport report, Instant now) {
        if (connections.heard(report.getGateway(), report.getGatewayRun(), report.getReport(), report.getAt())) {
            Iterator<String> waiting =
                    connections.connectedTo(report.getGateway()).iterator();
            chores.begin((budget, at) -> dispatch(waiting, budget, at), now);
        }
    }

    /** Ends a method request, or hands it over again. */
    void handle(MethodReport report, Instant now) {
        String deviceId = report.getDeviceId();
        switch (report.getReport()) {
            case MethodAnswered answered -> runner.answered(deviceId, answered, now);
            case MethodUndelivered undelivered -> runner.undelivered(deviceId, undelivered, now);
            case MethodUnanswered unanswered -> runner.unanswered(deviceId, unanswered, now);
            case Object unknown ->
                throw new IllegalStateException("not a report of a method, class=" + unknown.getClass());
        }
    }

    /** Hands over what waits for the devices of a gateway that is back. */
    private boolean dispatch(Iterator<String> devices, Budget budget, Instant now) {
        while (devices.hasNext() && !budget.isSpent()) {
            String deviceId = devices.next();
            budget.spend(Budget.VISIT * (1 + messages.count(deviceId)));
            int handedOver = runner.dispatch(deviceId, now) + messages.dispatch(deviceId, now);
            budget.spend(Budget.BEGIN * handedOver);
        }
        return !devices.hasNext();
    }

    /** Answers a request for terms. The epoch is the request's own position in the partition, so that a later one is larger, whichever gateway asks. */
    private void terms(DeviceReport report, String deviceId, long number, Instant now) {
        @Nullable Device device = devices.get(deviceId);
        @Nullable Device parent = devices.get(IdentityId.deviceId(deviceId));
        @Nullable DeviceConnection session = connections.get(deviceId);
        String correlationId = report.getCorrelationId() == null ? "" : report.getCorrelationId();
        ConnectionTerms.Builder terms = ConnectionTerms.newBuilder()
                .setCorrelationId(correlationId)
                .setEpoch(number)
                .setKnown(device != null && parent != null);
        if (device != null && parent != null) {
            // A module is as disabled as its device.
            Device decisive = Identities.isEnabled(parent) ? device : parent;
            terms.setStatus(decisive.getSettings().getStatus())
                    .setCredentials(device.getSettings().getCredentials())
                    .setDeviceCredentials(
                            deviceId.equals(parent.getDeviceId())
                                    ? null
                                    : parent.getSettings().getCredentials())
                    .setSubscriptions(session == null ? List.of() : session.getSubscriptions())
                    .setAtLeastOnce(session == null ? List.of() : session.getAtLeastOnce());
        }
        outbox.deliver(report.getGateway(), deviceId, terms.build(), now);
    }

    private void connected(DeviceReport report, String deviceId, DeviceConnected connected, long number, Instant now)
            throws InvalidRecordException {
        if (connected.getEpoch() >= number) {
            // Every connection from now on would be an older one.
            throw new InvalidRecordException(
                    "the epoch " + connected.getEpoch() + " is no earlier report's, this one is " + number);
        }
        @Nullable Device device = devices.get(deviceId);
        @Nullable DeviceConnection session = connections.get(deviceId);
        if (device == null || !Identities.isEnabled(device)) {
            close(report.getGateway(), deviceId, connected.getEpoch(), "The device is gone or disabled.", now);
            return;
        }
        if (session != null && session.getEpoch() >= connected.getEpoch()) {
            close(report.getGateway(), deviceId, connected.getEpoch(), "A newer connection took its place.", now);
            return;
        }
        if (session != null && connections.isLive(session)) {
            close(session.getGateway(), deviceId, session.getEpoch(), "A newer connection took its place.", now);
        }
        @Nullable DeviceConnection resumed = connected.getCleanSession() ? null : session;
        DeviceConnection connection = DeviceConnection.newBuilder()
                .setDeviceId(deviceId)
                .setEpoch(connected.getEpoch())
                .setGateway(report.getGateway())
                .setGatewayRun(report.getGatewayRun())
                .setConnected(true)
                .setCapabilities(resumed == null ? List.of() : resumed.getCapabilities())
                .setSubscriptions(resumed == null ? List.of() : resumed.getSubscriptions())
                .setAtLeastOnce(resumed == null ? List.of() : resumed.getAtLeastOnce())
                .setChangedAt(now)
                .build();
        connections.put(connection, now);
        pools.connected(ofModel(device, connected.getModelId(), now), connection, now);
        runner.dispatch(deviceId, now);
        messages.dispatch(deviceId, now);
    }

    /** Keeps the model that a device's connection names. @return the device as it is then */
    private Device ofModel(Device device, @Nullable String modelId, Instant now) {
        if (modelId == null || modelId.equals(device.getModelId())) {
            return device;
        }
        Device changed = Device.newBuilder(device).setModelId(modelId).build();
        devices.put(device, changed, now);
        return changed;
    }

    /** Ends connections of gateways that are gone, for everybody to read, and asks a gateway that lives after all to close them. @return whether none is left */
    boolean endLost(Budget budget, Instant now) {
        for (DeviceConnection connection : connections.lost(budget.affords(Budget.BEGIN))) {
            budget.spend(Budget.BEGIN);
            end(connection, now);
            close(
                    connection.getGateway(),
                    connection.getDeviceId(),
                    connection.getEpoch(),
                    "The gateway was not heard of for too long.",
                    now);
        }
        return !budget.isSpent();
    }

    private void end(DeviceConnection connection, Instant now) {
        connections.put(
                DeviceConnection.newBuilder(connection)
                        .setConnected(false)
                        .setChangedAt(now)
                        .build(),
                now);
    }

    private void disconnected(String deviceId, DeviceDisconnected disconnected, Instant now) {
        @Nullable DeviceConnection session = connections.get(deviceId);
        if (session != null && session.getEpoch() == disconnected.getEpoch() && session.getConnected()) {
            end(session, now);
        }
    }

    private void subscriptions(String deviceId, SubscriptionsChanged changed, Instant now) {
        @Nullable DeviceConnection session = connections.get(deviceId);
        if (session != null && session.getEpoch() == changed.getEpoch()) {
            DeviceConnection connection = DeviceConnection.newBuilder(session)
                    .setSubscriptions(changed.getSubscriptions())
                    .setAtLeastOnce(changed.getAtLeastOnce())
                    .setCapabilities(changed.getCapabilities())
                    .build();
            connections.put(connection, now);
            if (!session.getCapabilities().contains(Capability.TASKS)) {
                pools.connected(devices.get(deviceId), connection, now);
            }
            runner.dispatch(deviceId, now);
            boolean again = !session.getCapabilities().contains(Capability.MESSAGES);
            messages.dispatch(deviceId, again, now);
        }
    }

    private void twin(DeviceReport report, String deviceId, RequestTwin request, Instant now) {
        @Nullable Device device = devices.get(deviceId);
        if (device != null) {
            Twin twin = device.getTwin();
            outbox.deliver(
                    report.getGateway(),
                    deviceId,
                    new TwinAnswer(
                            request.getEpoch(),
                            request.getRid(),
                            twin.getDesired(),
                            twin.getDesiredVersion(),
                            twin.getReported(),
                            twin.getReportedVersion()),
                    now);
        }
    }

    private void reported(DeviceReport report, String deviceId, PatchReported patch, Instant now) {
        @Nullable Device device = devices.get(deviceId);
        TwinChange change = device == null
                ? new TwinChange.Refused(Refusals.notFound(deviceId))
                : twins.write(
                        device,
                        TwinEdit.report(device.getTwin(), patch.getPatch(), patch.getExpectedVersion(), now),
                        now);
        ReportedAnswer answer = switch (change) {
            case TwinChange.Changed changed -> answer(patch, changed.twin().getReportedVersion(), null);
            case TwinChange.Unchanged unchanged ->
                answer(patch, unchanged.twin().getReportedVersion(), null);
            case TwinChange.Refused refused -> answer(patch, 0, refused.refusal());
        };
        outbox.deliver(report.getGateway(), deviceId, answer, now);
    }

    private static ReportedAnswer answer(PatchReported patch, long version, @Nullable DeviceRefused refusal) {
        return new ReportedAnswer(patch.getEpoch(), patch.getRid(), version, refusal);
    }

    private void close(int gateway, String deviceId, long epoch, String reason, Instant now) {
        outbox.deliver(gateway, deviceId, new CloseConnection(epoch, reason), now);
    }
}
