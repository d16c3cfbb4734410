package io.muster.agent;

/** Why a connection, or the attempt at one, is over. */
public sealed interface Ending {
    /** The device ended it itself, to come back with a newer token. */
    record Renewed() implements Ending {}

    /** The device's owner ended it, or cut it to see what happens. */
    record Cut() implements Ending {}

    /** The hub refused it. @param reason of the CONNACK or the SUBACK */
    record Refused(String reason) implements Ending {}

    /** The hub was not reached, did not answer, or went away. */
    record Lost(String reason) implements Ending {}
}
