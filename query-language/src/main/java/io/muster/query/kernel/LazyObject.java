package io.muster.query.kernel;

import java.util.Map;

/** Makes the members of an object in a row when they are asked for. For one thread. */
public interface LazyObject extends Row {
    /** Returns all members. */
    Map<String, Object> whole();
}
