package io.muster.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The registry is away, or refused. The message says which and what to do. */
public final class SchemaRegistryException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final boolean unknownSchema;

    SchemaRegistryException(String message, boolean unknownSchema, @Nullable Throwable cause) {
        super(message, cause);
        this.unknownSchema = unknownSchema;
    }

    /** Whether the registry did not answer: trying again may help. */
    public boolean isAway() {
        return getCause() instanceof IOException && !(getCause() instanceof JsonProcessingException);
    }

    /** Whether the registry itself answered that it knows no such schema: trying again won't help while it is the same registry. */
    public boolean unknownSchema() {
        return unknownSchema;
    }
}
