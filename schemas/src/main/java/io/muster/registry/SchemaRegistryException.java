package io.muster.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The registry is away, or refused. The message says which and what to do. */
public final class SchemaRegistryException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private static final int TOO_MANY_REQUESTS = 429;
    private static final int SERVER_ERROR = 500;

    private final boolean unknownSchema;
    private final int status;

    SchemaRegistryException(String message, boolean unknownSchema, @Nullable Throwable cause) {
        super(message, cause);
        this.unknownSchema = unknownSchema;
        this.status = 0;
    }

    /** @param status of HTTP, that the registry answered */
    SchemaRegistryException(String message, boolean unknownSchema, int status) {
        super(message);
        this.unknownSchema = unknownSchema;
        this.status = status;
    }

    /** Whether the registry did not answer, or that it can't answer now: trying again may help. */
    public boolean isAway() {
        return status >= SERVER_ERROR
                || status == TOO_MANY_REQUESTS
                || (getCause() instanceof IOException && !(getCause() instanceof JsonProcessingException));
    }

    /** Whether the registry itself answered that it knows no such schema: trying again won't help while it is the same registry. */
    public boolean unknownSchema() {
        return unknownSchema;
    }
}
