package io.muster.device;

/** Says that the device was not connected, or that its connection ended before the hub had answered: the hub may have taken the request. */
public final class NotConnectedException extends Exception {
    private static final long serialVersionUID = 1;

    NotConnectedException(String deviceId) {
        super("The device is not connected, deviceId=" + deviceId);
    }
}
