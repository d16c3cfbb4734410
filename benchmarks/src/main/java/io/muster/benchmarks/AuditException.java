package io.muster.benchmarks;

/** What a run found to be wrong. */
final class AuditException extends RuntimeException {
    private static final long serialVersionUID = 1;

    AuditException(String message) {
        super(message);
    }
}
