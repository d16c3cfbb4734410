package io.muster.api.access;

import io.muster.records.AuditEntry;

/** Keeps who asked for what. Thread-safe. */
@FunctionalInterface
public interface Audit {
    /** Returns at once; an entry that can't be kept is counted, and logged by the service. */
    void keep(AuditEntry entry);
}
