package io.muster.query;

import java.util.Map;

/** An object in a row whose members are made when they are asked for. For one thread. */
public interface LazyObject extends Row {
    /** All members. */
    Map<String, Object> whole();
}
