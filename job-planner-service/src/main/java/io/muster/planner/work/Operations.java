package io.muster.planner.work;

import io.muster.planner.request.Fault;
import io.muster.planner.work.Operation.Kind;
import io.muster.planner.work.method.Method;
import io.muster.planner.work.twin.TwinUpdate;
import java.util.List;
import java.util.Optional;

/** Knows the kinds of operations. */
public final class Operations {
    private static final List<Kind<?, ?>> KINDS = List.of(new Method.MethodKind(), new TwinUpdate.TwinUpdateKind());

    private Operations() {}

    /** Returns why a job with the operation, or a call of it, is refused; empty where it is valid. */
    public static Optional<Fault> fault(Object request) {
        for (Kind<?, ?> kind : KINDS) {
            if (kind.request().isInstance(request)) {
                return fault(kind, request);
            }
        }
        throw new IllegalStateException("not an operation, class=" + request.getClass());
    }

    /** Returns what a device partition keeps of the operation of a job. */
    public static Object keep(Object request) {
        for (Kind<?, ?> kind : KINDS) {
            if (kind.request().isInstance(request)) {
                return keep(kind, request);
            }
        }
        throw new IllegalStateException("not an operation, class=" + request.getClass());
    }

    /** Returns the operation that was kept. @throws IllegalArgumentException where an earlier version let it in and this one would not */
    public static Operation of(Object kept) {
        for (Kind<?, ?> kind : KINDS) {
            if (kind.kept().isInstance(kept)) {
                return of(kind, kept);
            }
        }
        throw new IllegalStateException("not an operation, class=" + kept.getClass());
    }

    private static <R> Optional<Fault> fault(Kind<R, ?> kind, Object request) {
        return kind.fault(kind.request().cast(request));
    }

    private static <R> Object keep(Kind<R, ?> kind, Object request) {
        Object kept = kind.keep(kind.request().cast(request));
        return kept;
    }

    private static <K> Operation of(Kind<?, K> kind, Object kept) {
        return kind.of(kind.kept().cast(kept));
    }
}
