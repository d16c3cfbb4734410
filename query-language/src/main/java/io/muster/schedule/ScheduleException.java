package io.muster.schedule;

/** Reports a schedule that can't be understood. Its message is a sentence for the person who wrote it. */
public final class ScheduleException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String message;

    /** Makes one. @param message a sentence that says what to write instead */
    public ScheduleException(String message) {
        this.message = message;
    }

    @Override
    public String getMessage() {
        return message;
    }
}
