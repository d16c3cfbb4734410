package io.muster.api.access;

import io.muster.records.AuditEntry;

/** Keeps who asked for what. Thread-safe. */
@FunctionalInterface
public interface Audit {
    /** Returns at once; an entry that can't be kept is told of in the log of the service and counted. */
    void keep(AuditEntry entry);
}
