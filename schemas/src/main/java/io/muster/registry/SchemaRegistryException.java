package io.muster.registry;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** Reports that the registry is away or refused. Its message says which and what to do. */
public final class SchemaRegistryException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    /** Says whether another try may help. */
    public enum Reason {
        /** Means that the registry didn't answer, or can't answer now: trying again may help. */
        AWAY,
        /** Means that the registry itself answered that it knows no such schema: trying again doesn't help while it is the same registry. */
        UNKNOWN_SCHEMA,
        /** Means that the registry, or a server in its place, refused. */
        REFUSED
    }

    private final Reason reason;

    public SchemaRegistryException(String message, Reason reason) {
        this(message, reason, null);
    }

    public SchemaRegistryException(String message, Reason reason, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** Returns whether trying again may help. */
    public boolean isAway() {
        return reason == Reason.AWAY;
    }

    /** Returns whether the registry itself answered that it knows no such schema. */
    public boolean isUnknownSchema() {
        return reason == Reason.UNKNOWN_SCHEMA;
    }
}
