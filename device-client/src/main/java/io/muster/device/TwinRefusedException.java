package io.muster.device;

/** Says that the hub refused a request about a twin. */
public final class TwinRefusedException extends Exception {
    private static final long serialVersionUID = 1;

    private final int status;

    TwinRefusedException(int status, String body) {
        super("The hub refused, status=" + status + " body=" + body);
        this.status = status;
    }

    public int status() {
        return status;
    }
}
