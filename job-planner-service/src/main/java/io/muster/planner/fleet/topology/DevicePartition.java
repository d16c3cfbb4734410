package io.muster.planner.fleet.topology;

/** Holds what one device partition owns and writes through. For one task. */
record DevicePartition(
        DeviceTable devices,
        ConnectionTable connections,
        DeviceJobTable deviceJobs,
        WorkRunner runner,
        MessageTable messages,
        TwinWriter twins,
        DeviceViews views,
        PoolMembership pools,
        FleetOutbox outbox,
        Chores chores) {}
