package io.muster.query.kernel;

import java.util.Map;

/** An object in a row whose members are made when they are asked for. For one thread. */
public interface LazyObject extends Row {
    /** Returns all members. */
    Map<String, Object> whole();
}
