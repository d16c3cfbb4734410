package io.muster.benchmarks;

/** Says what a run found to be wrong. */
final class AuditException extends RuntimeException {
    private static final long serialVersionUID = 1;

    AuditException(String message) {
        super(message);
    }
}
