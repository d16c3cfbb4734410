package io.muster.api.access;

import java.util.Arrays;
import java.util.Optional;

/** Says what a person may do; each role includes those before it. */
public enum Role {
    /** Sees jobs, devices and twins, and no device's keys. */
    READ("muster.read"),
    /** Starts, changes and ends jobs, changes twins, calls devices and sends to them. */
    OPERATE("muster.operate"),
    /** Registers and removes devices, and sees their keys. */
    ADMINISTER("muster.administer");

    private final String word;

    Role(String word) {
        this.word = word;
    }

    /** Returns the name that tokens carry. */
    public String word() {
        return word;
    }

    /** Returns the role; empty for roles of other programs, which providers put beside ours. */
    static Optional<Role> of(String word) {
        return Arrays.stream(values()).filter(role -> role.word.equals(word)).findFirst();
    }

    boolean includes(Role other) {
        return compareTo(other) >= 0;
    }
}
