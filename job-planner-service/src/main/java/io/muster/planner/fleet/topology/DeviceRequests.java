package io.muster.planner.fleet.topology;

import io.muster.document.IdentityId;
import io.muster.planner.fleet.Identities;
import io.muster.planner.fleet.IdentityChange;
import io.muster.planner.fleet.PoolTag;
import io.muster.planner.fleet.Refusals;
import io.muster.planner.fleet.TwinChange;
import io.muster.planner.fleet.TwinEdit;
import io.muster.planner.request.Fault;
import io.muster.planner.work.Operations;
import io.muster.query.device.Source;
import io.muster.records.BarrierReached;
import io.muster.records.CloseConnection;
import io.muster.records.CreateDevice;
import io.muster.records.DeleteDevice;
import io.muster.records.Device;
import io.muster.records.DeviceCommand;
import io.muster.records.DeviceCounts;
import io.muster.records.DeviceDeleted;
import io.muster.records.DevicePage;
import io.muster.records.DeviceView;
import io.muster.records.Expansion;
import io.muster.records.GetDevice;
import io.muster.records.InvokeMethod;
import io.muster.records.ListDevices;
import io.muster.records.ListModules;
import io.muster.records.MoveToPool;
import io.muster.records.PatchTwin;
import io.muster.records.PurgeMessages;
import io.muster.records.ReplaceTwin;
import io.muster.records.SendMessage;
import io.muster.records.TwinPatch;
import io.muster.records.UpdateDevice;
import io.muster.service.Requester;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers what people and programs ask of devices: changes and reads. Each is answered once. For one task. */
final class DeviceRequests {
    private static final int PAGE_LIMIT = 1000;

    private final DeviceTable devices;
    private final ConnectionTable connections;
    private final WorkRunner runner;
    private final MessageTable messages;
    private final TwinWriter twins;
    private final DeviceViews views;
    private final PoolMembership pools;
    private final FleetOutbox outbox;
    private final Chores chores;

    DeviceRequests(DevicePartition partition) {
        this.devices = partition.devices();
        this.connections = partition.connections();
        this.runner = partition.runner();
        this.messages = partition.messages();
        this.twins = partition.twins();
        this.views = partition.views();
        this.pools = partition.pools();
        this.outbox = partition.outbox();
        this.chores = partition.chores();
    }

    /** Decides on a command, and replies to its requester now or when it is done. @param position unique among the commands to this device */
    void handle(DeviceCommand command, long position, Requester requester, Instant now) {
        String deviceId = command.getDeviceId();
        @Nullable Device device = devices.get(deviceId);
        switch (command.getCommand()) {
            case CreateDevice create -> create(device, deviceId, create, requester, now);
            case UpdateDevice update ->
                identity(device, Identities.update(device, deviceId, update, now), requester, now);
            case DeleteDevice delete -> identity(device, Identities.delete(device, deviceId, delete), requester, now);
            case GetDevice _ -> ifThere(device, deviceId, requester, now, found -> view(found, requester, now));
            case PatchTwin patch ->
                ifThere(
                        device,
                        deviceId,
                        requester,
                        now,
                        found -> edit(found, TwinEdit.Mode.PATCH, patch.getPatch(), requester, now));
            case ReplaceTwin replace ->
                ifThere(
                        device,
                        deviceId,
                        requester,
                        now,
                        found -> edit(found, TwinEdit.Mode.REPLACE, replace.getReplacement(), requester, now));
            case InvokeMethod invoke ->
                ifThere(device, deviceId, requester, now, _ -> invoke(deviceId, invoke, position, requester, now));
            case ListModules _ -> ifThere(device, deviceId, requester, now, _ -> modules(deviceId, requester, now));
            case SendMessage send ->
                ifThere(
                        device,
                        deviceId,
                        requester,
                        now,
                        _ -> messages.send(deviceId, send.getMessage(), position, requester, now));
            case PurgeMessages _ ->
                ifThere(device, deviceId, requester, now, _ -> messages.purge(deviceId, requester, now));
            case MoveToPool move -> moveToPool(device, move, now);
            case Object unknown ->
                throw new IllegalStateException("not a command to a device, class=" + unknown.getClass());
        }
    }

    /** Creates a module behind its device only, and up to a limit. */
    private void create(@Nullable Device present, String id, CreateDevice create, Requester requester, Instant now) {
        String deviceId = IdentityId.deviceId(id);
        if (IdentityId.isModule(id) && devices.get(deviceId) == null) {
            outbox.reply(requester, Refusals.deviceNotFound(deviceId), now);
        } else if (present == null
                && IdentityId.isModule(id)
                && devices.modulesOf(deviceId).size() >= Identities.MODULES_PER_DEVICE) {
            outbox.reply(requester, Refusals.tooManyModules(Identities.MODULES_PER_DEVICE), now);
        } else {
            identity(present, Identities.create(present, id, create, now), requester, now);
        }
    }

    private void modules(String deviceId, Requester requester, Instant now) {
        List<DeviceView> modules = new ArrayList<>();
        for (String id : devices.modulesOf(deviceId)) {
            @Nullable Device module = devices.get(id);
            if (module != null) {
                modules.add(views.of(module));
            }
        }
        outbox.reply(requester, new DevicePage(0, 1, modules, false), now);
    }

    /** Lists this partition's part of a page, and answers when the page is full; lost with the task: its requester asks again. */
    void list(Expansion expansion, ListDevices list, Requester requester, Instant asked) {
        int limit = Math.clamp(list.getLimit(), 1, PAGE_LIMIT);
        chores.begin(
                new Chore() {
                    private final List<DeviceView> page = new ArrayList<>();
                    private int bytes;
                    private @Nullable String cursor = list.getAfter();

                    @Override
                    public boolean goOn(Budget budget, Instant now) {
                        cursor = devices.scan(Source.DEVICES, cursor, budget, this::takesMore)
                                .orElse(null);
                        boolean done = cursor == null || isFull();
                        if (done) {
                            outbox.reply(
                                    requester,
                                    new DevicePage(
                                            expansion.getPartition(), expansion.getPartitions(), page, cursor != null),
                                    now);
                        }
                        return done;
                    }

                    private boolean takesMore(Device device) {
                        page.add(views.of(device));
                        bytes += DeviceViews.roughSize(device);
                        return !isFull();
                    }

                    private boolean isFull() {
                        return page.size() >= limit || bytes >= DeviceViews.PAGE_BYTES;
                    }
                },
                asked);
    }

    /** Counts devices, and answers behind the last; lost with the task: its requester asks again. */
    void count(Expansion expansion, Requester requester, Instant asked) {
        chores.begin(
                (budget, now) -> {
                    Optional<DeviceTable.Census> census = devices.census(budget);
                    census.ifPresent(known -> outbox.reply(
                            requester,
                            new DeviceCounts(
                                    expansion.getPartition(), known.total(), known.enabled(), connections.connected()),
                            now));
                    return census.isPresent();
                },
                asked);
    }

    /** Answers that all records before it in the partition were handled, in this transaction or an earlier one. */
    void reachBarrier(Expansion expansion, Requester requester, Instant now) {
        outbox.reply(requester, new BarrierReached(expansion.getPartition()), now);
    }

    private void identity(@Nullable Device before, IdentityChange change, Requester requester, Instant now) {
        switch (change) {
            case IdentityChange.Changed changed -> {
                String deviceId = changed.device().getDeviceId();
                devices.put(before, changed.device(), now);
                if (!Identities.isEnabled(changed.device())) {
                    close(deviceId, "The device is disabled.", now);
                    devices.modulesOf(deviceId).forEach(module -> close(module, "Its device is disabled.", now));
                }
                view(changed.device(), requester, now);
            }
            case IdentityChange.Deleted deleted -> {
                String deviceId = deleted.device().getDeviceId();
                for (String id : devices.modulesOf(deviceId)) {
                    @Nullable Device module = devices.get(id);
                    if (module != null) {
                        remove(module, now);
                    }
                }
                remove(deleted.device(), now);
                outbox.reply(requester, new DeviceDeleted(deviceId), now);
            }
            case IdentityChange.Refused refused -> outbox.reply(requester, refused.refusal(), now);
        }
    }

    private void remove(Device device, Instant now) {
        String deviceId = device.getDeviceId();
        close(deviceId, "The device is deleted.", now);
        runner.deviceDeleted(deviceId, now);
        messages.drop(deviceId);
        connections.delete(deviceId, now);
        devices.delete(device, now);
    }

    private void close(String deviceId, String reason, Instant now) {
        connections
                .live(deviceId)
                .ifPresent(connection -> outbox.deliver(
                        connection.getGateway(), deviceId, new CloseConnection(connection.getEpoch(), reason), now));
    }

    private void edit(Device device, TwinEdit.Mode mode, TwinPatch patch, Requester requester, Instant now) {
        switch (TwinEdit.parse(mode, patch.getIfMatch(), patch.getTags(), patch.getDesired())) {
            case TwinEdit.Parsed.Invalid invalid -> outbox.reply(requester, Refusals.of(invalid.fault()), now);
            case TwinEdit.Parsed.Valid valid -> {
                switch (twins.write(device, valid.edit().applyTo(device.getTwin(), now), now)) {
                    case TwinChange.Changed changed -> view(TwinWriter.with(device, changed.twin()), requester, now);
                    case TwinChange.Unchanged _ -> view(device, requester, now);
                    case TwinChange.Refused refused -> outbox.reply(requester, refused.refusal(), now);
                }
            }
        }
    }

    /** Names another pool in a device's tags, if they still name that one: else it has left, and its pool hears so. */
    private void moveToPool(@Nullable Device device, MoveToPool move, Instant now) {
        if (device == null
                || !PoolTag.of(device.getTwin().getTags()).equals(Optional.of(move.getFrom()))
                || !(TwinEdit.parse(TwinEdit.Mode.PATCH, null, PoolTag.patch(move.getTo()), null)
                        instanceof TwinEdit.Parsed.Valid valid)) {
            return;
        }
        if (twins.write(device, valid.edit().applyTo(device.getTwin(), now), now) instanceof TwinChange.Refused) {
            pools.moveRefused(move.getFrom(), device.getDeviceId(), now);
        }
    }

    private void invoke(String deviceId, InvokeMethod invoke, long position, Requester requester, Instant now) {
        Optional<Fault> fault = Operations.fault(invoke.getMethod());
        if (fault.isPresent()) {
            outbox.reply(requester, Refusals.of(fault.get()), now);
        } else {
            runner.invoke(deviceId, invoke.getMethod(), position, requester, now);
        }
    }

    private void ifThere(
            @Nullable Device device,
            String deviceId,
            Requester requester,
            Instant now,
            java.util.function.Consumer<Device> action) {
        if (device == null) {
            outbox.reply(requester, Refusals.notFound(deviceId), now);
        } else {
            action.accept(device);
        }
    }

    private void view(Device device, Requester requester, Instant now) {
        if (requester.awaitsReply()) {
            outbox.reply(requester, views.of(device), now);
        }
    }
}
