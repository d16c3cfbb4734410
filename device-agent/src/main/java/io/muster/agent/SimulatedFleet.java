package io.muster.agent;

import io.muster.device.DeviceClient;
import io.muster.device.DeviceConnector;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** Simulates many devices in one process, on a few threads. Connects them at a bounded rate and keeps them connected until closed. */
public final class SimulatedFleet implements AutoCloseable {
    private static final String CLIENT_TYPE = "muster-agent";

    private final Behaviour behaviour;
    private final Counters counters = new Counters();
    private final DeviceConnector connector;
    private final List<DeviceClient> devices;

    private SimulatedFleet(Behaviour behaviour, DeviceConnector connector, int devices) {
        this.behaviour = behaviour;
        this.connector = connector;
        this.devices = new ArrayList<>(devices);
    }

    /**
     * Begins to connect; returns at once.
     *
     * @param rate connections a second, first ones and those after a loss
     * @throws IOException when the CA file can't be used
     */
    public static SimulatedFleet start(
            Target target, Behaviour behaviour, List<String> deviceIds, int rate, InstantSource clock)
            throws IOException {
        return start(target, behaviour, deviceIds, rate, clock, (_, _, _) -> {});
    }

    /** Starts one, as above. @param invocations sees each method that reaches a device */
    public static SimulatedFleet start(
            Target target,
            Behaviour behaviour,
            List<String> deviceIds,
            int rate,
            InstantSource clock,
            Invocations invocations)
            throws IOException {
        DeviceConnector connector =
                DeviceConnector.start(target.hub(), DeviceConnector.Settings.usual(rate, CLIENT_TYPE, clock));
        SimulatedFleet fleet = new SimulatedFleet(behaviour, connector, deviceIds.size());
        SplittableRandom random = new SplittableRandom(behaviour.seed());
        for (String deviceId : deviceIds) {
            fleet.devices.add(connector.connect(
                    deviceId,
                    target.credentials(),
                    new SimulatedDevice(behaviour, fleet.counters, invocations, random.split())));
        }
        if (behaviour.disconnectShare() > 0 && !fleet.devices.isEmpty()) {
            fleet.devices
                    .getFirst()
                    .executor()
                    .scheduleAtFixedRate(() -> fleet.cutSome(random), 1, 1, TimeUnit.SECONDS);
        }
        return fleet;
    }

    /** Returns ids as the simulation gives them: the prefix and six digits, from 1. */
    public static List<String> deviceIds(String prefix, int count) {
        List<String> ids = new ArrayList<>(count);
        for (int i = 1; i <= count; i++) {
            ids.add(prefix + String.format("%06d", i));
        }
        return ids;
    }

    public Counters.Snapshot counters() {
        return counters.snapshot();
    }

    private void cutSome(SplittableRandom random) {
        for (DeviceClient device : devices) {
            if (random.nextDouble() < behaviour.disconnectShare()) {
                device.cut();
            }
        }
    }

    @Override
    public void close() {
        connector.close();
    }
}
