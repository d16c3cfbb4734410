package io.muster.planner.fleet.stream;

/** What one device partition owns and what it speaks through. For one task. */
record DevicePartition(
        DeviceTable devices,
        ConnectionTable connections,
        DeviceJobTable deviceJobs,
        WorkRunner runner,
        MessageTable messages,
        TwinWriter twins,
        DeviceViews views,
        FleetOutbox outbox,
        Chores chores) {}
